"""What users are told of a faulty or doubtful row: what is wrong and what to do. No personal values."""

FAULTS: dict[str, str] = {
    "formula_error": "单元格是错误值或没有算出结果的公式，请改成具体内容。",
    "name_missing": "没有填写姓名，请补上。",
    "id_number_missing": "没有填写身份证号，请补上 18 位身份证号。",
    "id_number_numeric": "身份证号成了数字，末几位已丢失。请把单元格设为文本格式，重新输入 18 位号码。",
    "id_number_format": "身份证号不是 18 位，或其中的出生日期不存在，请核对。",
    "id_number_checksum": "身份证号的校验位不对，可能有一位输错了，请核对。",
    "paper_unknown": "证件类型认不出，或无证件却有号码。请填居民身份证、护照、港澳台居民居住证或无证件。",
    "paper_number_format": "护照或居住证的号码应是 5 至 20 位字母和数字，请核对。",
    "employer_missing": "没有填写单位。没有身份证号的台账按“姓名+单位”认人，请补上单位。",
    "programme_unknown": "系统里没有这个培训项目，请改成已有项目的名称，或留空。",
    "run_missing": "没有填写班次（班级、课程或活动）名称，请补上。",
    "date_invalid": "日期无法识别，请写成 2024-03-05 或 2024年3月5日 这样完整的日期。",
    "date_missing": "没有填写日期，请写成 2024-03-05 这样完整的日期。",
    "date_order": "结束日期早于开始日期，请核对。",
    "hours_invalid": "学时无法识别，请填数字，或写成“8学时”“3天”“半天”。",
    "headcount_invalid": "人数应是不小于 0 的整数，请改成具体的数字。",
    "headcount_excess": "其中的人数多于参加人数，请核对。",
    "text_too_long": "内容太长，请缩短到 {longest} 字以内。",
    "duplicate_row": "与{place}是同一人同一班次，请删去其中一行。",
}
WARNINGS: dict[str, str] = {
    "phone_invalid": "联系电话不是有效的号码，请核对；这一行照常计入。",
    "gender_conflict": "性别与身份证号不一致，已按身份证号登记，请核对。",
    "hidden_row": "这一行在表格里是隐藏的，照常计入；如不应计入，请在文件里删去。",
    "birth_unclear": "出生年月无法识别，没有登记，请核对。",
    "hours_conflict": "各项学时之和与总学时不一致，已按各项之和计算，请核对。",
}
