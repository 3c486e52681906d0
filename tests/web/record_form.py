"""The record form as a browser fills it in, and what a record holds afterwards."""

from typing import Any

from django.test import Client

from guantong.records.models import Activity

NEW = "/activities/new/"


def form_of(client: Client, address: str = NEW) -> dict[str, Any]:
    """What the browser would send if nobody touched the form."""
    return fields(client.get(address))


def fields(response: Any) -> dict[str, Any]:
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    values |= {"shown": form.people.shown, "tick": str(form.people.tick)}
    values["usual_hours"] = form.usual_hours
    values[str(form.people.tick)] = [row.pk for row in form.people.ticked]
    values["guest"] = [row.pk for row in form.people.guests if row.ticked]
    if form.people.away:
        values["absent"] = [row.pk for row in form.people.away]
    told = (*form.people.ticked, *form.people.away)
    values |= {f"reason-{row.pk}": row.reason for row in told}
    if response.context["version"] is not None:
        values["version"] = response.context["version"]
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def there(activity: Activity) -> dict[str, str]:
    rows = activity.attendances.select_related("person")
    return {row.person.name: row.role for row in rows}


def missing(activity: Activity) -> dict[str, str]:
    rows = activity.absences.select_related("person")
    return {row.person.name: row.reason for row in rows}
