"""Stand-in for slicer.i18n: no translation."""


def translate(context, text):
    return text


def tr(text):
    return text
