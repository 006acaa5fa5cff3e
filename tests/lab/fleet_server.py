"""A server that behaves like Fleet: hosts page by page, searched by what their users type, and counted."""

from typing import Any

from lab.json_service import Answer, Query, Service

SEARCHED = ("hostname", "uuid", "hardware_serial", "primary_ip")


class FleetServer(Service):
    """Lists hosts and counts them, as documented."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts = [host(number) for number in range(1, 6)]
        self.uncounted = 0
        self.role = "observer"

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        if not self.role:
            return Answer(403, {"message": "forbidden", "errors": [{"name": "base", "reason": "forbidden"}]})
        if path == "/api/v1/fleet/hosts/count":
            return Answer(200, {"count": len(self.hosts) + self.uncounted})
        if path != "/api/v1/fleet/hosts":
            return Answer(404, {"message": "Resource Not Found"})
        text = query.get("query", [""])[0].casefold()
        fitting = [one for one in self.hosts if any(text in str(one[name]).casefold() for name in SEARCHED)]
        size = int(query["per_page"][0])
        at = int(query["page"][0]) * size
        return Answer(200, {"hosts": fitting[at : at + size]})


def host(number: int) -> dict[str, Any]:
    return {
        "id": number, "uuid": f"4C4C4544-0001-4000-8000-{number:012d}", "hostname": f"db{number}.corp.example",
        "computer_name": f"db{number}", "platform": "ubuntu", "os_version": "Ubuntu 24.04 LTS", "memory": 8 << 30,
        "hardware_serial": f"VMW{number:05d}", "primary_mac": f"00:50:56:00:00:{number:02x}", "primary_ip": "10.0.0.1",
        "cpu_logical_cores": 4, "seen_time": "2024-09-30T08:00:00Z", "percent_disk_space_available": 25,
        "disk_encryption_enabled": False,
    }  # fmt: skip
