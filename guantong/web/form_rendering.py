"""How every form looks: label above, hint and error beside the field, basis one tap away.

Settings name it: FORM_RENDERER = "guantong.web.form_rendering.Renderer" (needs "django.forms" in
INSTALLED_APPS). Not for what a form asks: that is the form.
"""

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.utils import ErrorList

from guantong.records import plain_words


class FieldWithBasis(BoundField):
    """A field that knows the clause it rests on: the form's `bases = {"hours": "…第6条…"}`, and
    says what is wrong in plain words."""

    @property
    def basis(self) -> str:
        bases: dict[str, str] = getattr(self.form, "bases", {})
        return bases.get(self.name, "")

    @property
    def errors(self) -> ErrorList:
        # Not a copy: that forgets the id, at which aria-describedby points.
        found = ErrorList(renderer=self.form.renderer, field_id=self.auto_id)
        found.data = [plain_words.told(error, self.field) for error in super().errors.as_data()]
        return found


class Renderer(TemplatesSetting):
    """Used for every form of the project, allauth's included."""

    form_template_name = "web/forms/form.html"
    field_template_name = "web/forms/field.html"
    formset_template_name = "web/forms/formset.html"
    bound_field_class = FieldWithBasis
