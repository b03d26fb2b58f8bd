"""Years that no ledger has, and a report without a folder: refused before anything is written."""

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from ledgers.models import LedgerImport
from tests.imports.conftest import ANNA, BO, row

COMMANDS = {
    "import_ledger": ["台账.csv", "--programme", "培训科技辅导员", "--bureau", "市科协"],
    "export_ledger": ["-o", "out.xlsx"],
    "quota_progress": [],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("year", ["0", "-1", "1999", "2101", "99999", "二〇二四", "2_024", ""])
def test_a_year_that_is_none_is_refused_in_one_sentence(command, year):
    with pytest.raises(CommandError, match="2000 到 2100"):
        call_command(command, *COMMANDS[command], "--year", year)


@pytest.mark.parametrize("command", COMMANDS)
def test_from_the_shell_it_ends_with_2(command, capsys):
    found = load_command_class(get_commands()[command], command)
    with pytest.raises(SystemExit) as ended:
        found.run_from_argv(["manage.py", command, *COMMANDS[command], "--year", "99999"])
    assert ended.value.code == 2
    assert "2000 到 2100" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["没有/report.xlsx", "."])
def test_a_report_that_cannot_be_written_stops_the_import_first(bring_in, ledger, tmp_path, place):
    path = ledger(row(1, ANNA), row(2, BO, 学时="若干"))
    with pytest.raises(CommandError, match="不能写入") as refused:
        bring_in(path, "--skip-faulty", "--report", str(tmp_path / place))
    assert refused.value.returncode == 2
    assert not LedgerImport.objects.exists()
