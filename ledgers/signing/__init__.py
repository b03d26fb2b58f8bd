"""Paper sign-in sheets (签到表): one file with days across becomes the attendance of many sessions."""
