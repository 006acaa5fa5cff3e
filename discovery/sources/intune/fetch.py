"""Reads every managed device of a tenant. Graph has no delta query for them: each reading is a whole one."""

from collections.abc import Iterator

from pydantic import Field

from discovery.clients.answer import Refused
from discovery.clients.asking import parts_wanted
from discovery.clients.graph_login import GraphSettings, open_graph, tenant_name
from discovery.clients.msgraph import AT_ONCE, Graph, Row, batched
from discovery.errors import SourceUnavailable
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd

DEVICES = "/deviceManagement/managedDevices"
PERMISSION = "DeviceManagementManagedDevices.Read.All"
PAGE = 1_000
"""rows wanted on a page, the most that Intune allows"""
PART = "managed_devices"
PROPERTIES = (
    *("id", "azureADDeviceId", "deviceName", "serialNumber", "imei", "wiFiMacAddress"),
    *("ethernetMacAddress", "operatingSystem", "osVersion", "manufacturer", "model", "complianceState", "isEncrypted"),
    *("isSupervised", "jailBroken", "managementAgent", "managedDeviceOwnerType", "deviceEnrollmentType"),
    *("deviceRegistrationState", "deviceCategoryDisplayName", "partnerReportedThreatState"),
    *("enrolledDateTime", "lastSyncDateTime", "managementCertificateExpirationDate", "androidSecurityPatchLevel"),
    *("userId", "userPrincipalName", "emailAddress"),
    *("totalStorageSpaceInBytes", "freeStorageSpaceInBytes", "physicalMemoryInBytes"),
)
ONLY_ALONE = ("ethernetMacAddress", "physicalMemoryInBytes")
"""what Intune leaves empty in a list and tells of a single device"""


class IntuneSettings(GraphSettings):
    """A tenant, and how closely its devices are looked at."""

    details: bool = Field(
        False, description="ask for each device by itself: wired MAC address and memory, one more question a device"
    )


def scope_of(settings: IntuneSettings) -> str:
    """The one scope of a tenant. Raises SourceMisconfigured."""
    return f"{tenant_name(settings)}/{PART}"


def fetch(settings: IntuneSettings, reading: Reading) -> Iterator[Fetched]:
    """Each device as `{"row", "read_at"}`, in the one scope `<tenant>/managed_devices`."""
    parts_wanted(settings, [PART])
    with open_graph(settings, reading) as graph:
        scope = scope_of(settings)
        done = 0
        try:
            for page in graph.pages(f"{DEVICES}?$select={','.join(PROPERTIES)}&$top={PAGE}"):
                now = reading.now()
                for rows in batched(page.rows, AT_ONCE if settings.details else PAGE):
                    for row in _with_details(graph, rows) if settings.details else rows:
                        yield Raw(scope, {"row": row, "read_at": now})
                done += len(page.rows)
                yield Progress(done, None, "devices")
        except SourceUnavailable as failed:
            yield ScopeEnd(scope, complete=False, reason=str(failed))
            raise
        yield ScopeEnd(scope, complete=True)


def _with_details(graph: Graph, rows: list[Row]) -> Iterator[Row]:
    """The rows, completed; one that has vanished in between stays as it was listed."""
    named = [row for row in rows if isinstance(row.get("id"), str)]
    answers = graph.each([f"{DEVICES}/{row['id']}?$select={','.join(('id', *ONLY_ALONE))}" for row in named])
    known: dict[str, Row] = {}
    for row, answer in zip(named, answers, strict=True):
        if not isinstance(answer, Refused):
            known[row["id"]] = {name: answer[name] for name in ONLY_ALONE if answer.get(name)}
        elif answer.status != 404:
            raise answer
    for row in rows:
        yield {**row, **known.get(str(row.get("id")), {})}
