"""How many documents people may have, and where from."""

from __future__ import annotations

from templates.parts.numbers import whole_number
from templates.wiring import Value, parameter, seam


@seam
class Library:
    """Documents to ask"""

    library_files: Value = whole_number(
        "How many documents each person may have to ask; as many again may be shared by everybody, and by "
        "each group that has a library.",
        low=1,
        high=2000,
        default=200,
        label="Documents of a person",
    )
    library_megabytes: Value = whole_number(
        "How many MB these documents may take. S3 asks about 0.023 USD a month for 1,000 of them.",
        low=1,
        high=100000,
        default=500,
        label="MB of a person's documents",
    )
    library_pages: Value = whole_number(
        "How many pages these documents may have; without pages, 3,000 characters count as one. A thousand "
        "pages cost about 0.02 USD once, for the model that reads them.",
        low=1,
        high=1000000,
        default=10000,
        label="Pages of a person's documents",
    )
    add_web_pages: Value = parameter(
        "String",
        "yes: people may add public web pages by their address, which the tasks then fetch over HTTPS. With "
        "Egress existing that takes a way to the internet. no: only files.",
        AllowedValues=["yes", "no"],
        Default="yes",
        label="Add web pages",
    )
    reword_questions: Value = parameter(
        "String",
        "yes: when documents are searched, the conversation's model may word a question anew that leans on "
        "what was said before, is in another language than the documents, or seems to use other words than "
        "they do. That takes some 500 tokens and a second or two, and is shown with the answer. no: "
        "questions are searched in their own words.",
        AllowedValues=["yes", "no"],
        Default="yes",
        label="Word questions anew",
    )
