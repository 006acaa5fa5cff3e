"""Every CI class this project declares, by name."""

from cmdb.ci_class import CIClass
from cmdb.classes.hardware import HARDWARE
from cmdb.classes.identity import IDENTITY
from cmdb.classes.network import NETWORK
from cmdb.classes.service import SERVICE
from cmdb.classes.software import SOFTWARE

CLASSES: dict[str, CIClass] = {
    declared.name: declared for area in (HARDWARE, NETWORK, SOFTWARE, IDENTITY, SERVICE) for declared in area
}
