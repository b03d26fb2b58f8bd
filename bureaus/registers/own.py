"""Districts and bureaus as tables."""

from bureaus.models import Bureau, District
from bureaus.registers.tables import RegisterResource, column
from bureaus.registers.widgets import ChoiceWidget, NamedWidget, YesNoWidget


class DistrictResource(RegisterResource):
    code = column("code", "代码")
    name = column("name", "名称")
    short = column("short", "简称")
    is_park = column("is_park", "园区", YesNoWidget(), default=False)
    lies_in = column("lies_in", "所在县市区", NamedWidget(District, "name"))

    class Meta(RegisterResource.Meta):
        model = District
        import_id_fields = ("code",)
        fields = ("code", "name", "short", "is_park", "lies_in")


class BureauResource(RegisterResource):
    name = column("name", "名称")
    kind = column("kind", "类别", ChoiceWidget(Bureau.Kind))
    parent = column("parent", "上级业务单位", NamedWidget(Bureau, "name"))
    district = column("district", "所在县市区", NamedWidget(District, "name"))
    year_basis = column("year_basis", "班次年度按", ChoiceWidget(Bureau.YearBasis))

    class Meta(RegisterResource.Meta):
        model = Bureau
        import_id_fields = ("name",)
        fields = ("name", "kind", "parent", "district", "year_basis")
