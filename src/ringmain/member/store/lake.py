"""What the lake keeps of people: which subject stands for which now."""

from ringmain.kit.lake import LakeTable

_ALIAS = """
    SELECT subject_id::text, canonical_subject_id::text FROM subject_alias WHERE network_id = %(network)s
"""

LAKE_TABLES = (
    LakeTable(
        kind="subject_alias",
        columns={"subject_id": "string", "canonical_subject_id": "string"},
        query=_ALIAS,
        announced_as=("member_merged", "member_unmerged"),
        whole=True,
    ),
)
