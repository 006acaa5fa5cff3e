"""Who may do what: accounts and where they are kept."""

from cmdb.ci_class import DAY, Absence, Attribute, CIClass

ACCOUNT = Absence(misses_to_retire=1, age_to_retire=30 * DAY)

IDENTITY = (
    CIClass(
        "user",
        "identity",
        "user",
        "A person's account.",
        ACCOUNT,
        {"enabled": Attribute("boolean", "whether the account may sign in", watched=True)},
    ),
    CIClass("group", "identity", "group", "Accounts that are given rights together.", ACCOUNT),
    CIClass("service_account", "identity", "service_account", "An account that a program signs in with.", ACCOUNT),
    CIClass("directory", "identity", "directory", "A directory or tenant that keeps accounts.", named=True),
    CIClass("organizational_unit", "identity", "organizational_unit", "A branch of a directory.", ACCOUNT),
)
