"""What is read of a tenant: its collections, the properties wanted of each, and the permission each needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of directory object."""

    name: str
    """as in the setting `scope`"""
    path: str
    properties: tuple[str, ...]
    permission: str
    also: str | None = None
    """what belongs to each object and has to be asked for by itself"""
    also_may_lack: bool = False
    """whether an object is worth something without it, where a service does not offer it"""
    tracked: bool = True
    """whether a delta query names everything that we read of it"""

    @property
    def select(self) -> str:
        """The properties as a query states them."""
        return ",".join(self.properties)

    @property
    def asked(self) -> str:
        """What a delta query follows: a change of a group's members is a change of the group only if it says so."""
        return f"{self.select},members" if self.also == "members" else self.select


COLLECTIONS = (
    Collection(
        "users",
        "/users",
        (
            *("id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType", "department", "jobTitle"),
            *("companyName", "officeLocation", "employeeId", "employeeType", "createdDateTime"),
            *("onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesDomainName"),
            "onPremisesSyncEnabled",
        ),
        "User.Read.All",
    ),
    Collection(
        "groups",
        "/groups",
        (
            *("id", "displayName", "description", "mail", "mailEnabled", "securityEnabled", "groupTypes"),
            *("membershipRule", "visibility", "isAssignableToRole", "createdDateTime"),
            *("onPremisesSecurityIdentifier", "onPremisesSamAccountName", "onPremisesSyncEnabled"),
        ),
        "Group.Read.All or GroupMember.Read.All",
        also="members",
    ),
    Collection(
        "devices",
        "/devices",
        (
            *("id", "deviceId", "displayName", "operatingSystem", "operatingSystemVersion", "manufacturer", "model"),
            *("accountEnabled", "isCompliant", "isManaged", "trustType", "profileType", "deviceOwnership"),
            *("approximateLastSignInDateTime", "registrationDateTime", "createdDateTime"),
            *("onPremisesSecurityIdentifier", "onPremisesSyncEnabled"),
        ),
        "Device.Read.All",
    ),
    # Who was given an app role is no change of the service principal: a delta query would not tell.
    Collection(
        "service_principals",
        "/servicePrincipals",
        (
            *("id", "appId", "displayName", "servicePrincipalType", "accountEnabled", "appOwnerOrganizationId"),
            *("appRoles", "appRoleAssignmentRequired", "servicePrincipalNames", "createdDateTime"),
        ),
        "Application.Read.All",
        also="appRoleAssignedTo",
        also_may_lack=True,
        tracked=False,
    ),
)
