"""What the business uses, who answers for it, and where it stands."""

from cmdb.ci_class import Absence, CIClass

BY_DECLARATION = Absence(ever=False)

SERVICE = (
    CIClass(
        "business_service", "service", "business_service", "What a customer would miss.", BY_DECLARATION, named=True
    ),
    CIClass(
        "service_offering",
        "service",
        "service_offering",
        "A business service as offered to one group of users.",
        BY_DECLARATION,
        named=True,
    ),
    CIClass(
        "technical_service",
        "service",
        "technical_service",
        "A service that other services use.",
        BY_DECLARATION,
        named=True,
    ),
    CIClass(
        "external_service", "service", "external_service", "A service that somebody else runs for us.", BY_DECLARATION
    ),
    CIClass("team", "service", "team", "People who answer for something together.", BY_DECLARATION, named=True),
    CIClass("site", "service", "site", "A place: a campus, building or data centre.", BY_DECLARATION, named=True),
    CIClass("room", "service", "room", "A room on a site.", BY_DECLARATION),
    CIClass("rack", "service", "rack", "A rack; its name is unique on its site.", BY_DECLARATION, named=True),
    CIClass("power_feed", "service", "power_feed", "A supply of electric power.", BY_DECLARATION),
)
