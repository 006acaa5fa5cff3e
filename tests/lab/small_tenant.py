"""A small tenant: two people, two groups of which one is in the other, a laptop, an application."""

from lab.graph_server import GraphServer


def guid(number: int) -> str:
    """One that is easily told from others."""
    return f"00000000-0000-4000-8000-{number:012d}"


ANN, BOB, STAFF, ADMINS, LAPTOP, APP = (guid(number) for number in range(1, 7))


def fill(server: GraphServer) -> None:
    """Put it into an empty server."""
    server.put("users", {"id": ANN, "displayName": "Ann", "userPrincipalName": "ann@corp.example", "mail": "ann@corp.example",
                         "accountEnabled": True, "department": "Optics"})  # fmt: skip
    server.put(
        "users", {"id": BOB, "displayName": "Bob", "userPrincipalName": "bob@corp.example", "accountEnabled": False}
    )
    server.put("groups", {"id": STAFF, "displayName": "Staff", "groupTypes": []})
    server.put("groups", {"id": ADMINS, "displayName": "Admins"})
    server.put("devices", {"id": LAPTOP, "deviceId": guid(55), "displayName": "LAP-042", "operatingSystem": "Windows",
                           "operatingSystemVersion": "10.0.22631", "approximateLastSignInDateTime": "2024-09-30T08:00:00Z"})  # fmt: skip
    server.put("servicePrincipals", {"id": APP, "appId": guid(66), "displayName": "Payroll", "accountEnabled": True,
                                     "appRoles": [{"id": guid(77), "value": "Pay.Approve"}]})  # fmt: skip
    server.set_members(STAFF, [ANN, BOB, ADMINS])
    server.set_members(ADMINS, [ANN, LAPTOP])
    server.assigned[APP] = [{"id": "x", "principalId": ANN, "principalType": "User", "appRoleId": guid(77)}]
