"""What runs on machines and what they offer."""

from cmdb.ci_class import HOUR, PART, Absence, Attribute, CIClass
from cmdb.classes.network import WITH_ITS_DEVICE

FLEETING = Absence(misses_to_retire=1, age_to_retire=HOUR)
VERSIONED = {"version": Attribute("string", "version as the source spells it", watched=True)}

SOFTWARE = (
    CIClass(
        "application",
        "software",
        "application",
        "A program that does something for somebody: a process, a deployment.",
        attributes=VERSIONED,
        named=True,
    ),
    CIClass(
        "database",
        "software",
        "database",
        "A database or an instance that holds several.",
        attributes=VERSIONED,
        named=True,
    ),
    CIClass(
        "software",
        "software",
        PART,
        "A package installed on a machine.",
        WITH_ITS_DEVICE,
        VERSIONED,
        own_record=True,
        counts_in_hold=False,
    ),
    CIClass(
        "endpoint",
        "software",
        PART,
        "An address and port where something answers.",
        WITH_ITS_DEVICE,
        {
            "port": Attribute("integer", "port number", watched=True),
            "protocol": Attribute("string", "transport protocol: tcp, udp or sctp"),
            "service": Attribute("string", "application protocol as the source names it", watched=True),
            "product": Attribute("string", "the software that answers", watched=True),
            "version": Attribute("string", "its version", watched=True),
        },
        own_record=True,
        counts_in_hold=False,
    ),
    CIClass(
        "certificate",
        "software",
        PART,
        "An X.509 certificate that something shows.",
        WITH_ITS_DEVICE,
        {
            "subject": Attribute("string", "subject as a distinguished name or common name"),
            "issuer": Attribute("string", "issuer as a distinguished name or common name"),
            "not_before": Attribute("string", "start of validity, RFC 3339"),
            "not_after": Attribute("string", "end of validity, RFC 3339", watched=True),
        },
        counts_in_hold=False,
    ),
    CIClass(
        "container",
        "software",
        PART,
        "A running container or pod.",
        FLEETING,
        own_record=True,
        counts_in_hold=False,
    ),
    CIClass(
        "workload",
        "software",
        "workload",
        "A deployment, stateful set or job that makes containers.",
        FLEETING,
        own_record=True,
        counts_in_hold=False,
    ),
    CIClass("kubernetes_cluster", "software", "kubernetes_cluster", "A Kubernetes control plane.", named=True),
)
