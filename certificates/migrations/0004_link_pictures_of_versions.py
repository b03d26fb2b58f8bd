from django.db import migrations


def digests_of(layout):
    """The pictures that a version's layout names, as it was stored before they were tied to it."""
    places = [layout.get(name) or {} for name in ("seal", "signature")]
    return {digest for digest in (layout.get("background"), *(place.get("digest") for place in places)) if digest}


def link_pictures(apps, schema_editor):
    """Ties each version to the pictures that it was printed with: its bureau's own, else the city's."""
    Picture = apps.get_model("certificates", "Picture")
    PictureUse = apps.get_model("certificates", "PictureUse")
    TemplateVersion = apps.get_model("certificates", "TemplateVersion")
    pictures = {(one.bureau_id, one.digest): one for one in Picture.objects.order_by("-pk")}
    uses = []
    for version in TemplateVersion.objects.select_related("template").iterator():
        bureau = version.template.bureau_id
        for digest in digests_of(version.layout):
            picture = pictures.get((bureau, digest)) or pictures.get((None, digest))
            if picture:
                uses.append(PictureUse(version=version, picture=picture))
    PictureUse.objects.bulk_create(uses, batch_size=500)


def unlink_pictures(apps, schema_editor):
    apps.get_model("certificates", "PictureUse").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [("certificates", "0003_pictures_in_use")]

    operations = [migrations.RunPython(link_pictures, unlink_pictures)]
