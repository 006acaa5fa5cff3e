"""Which class a managed machine is of, by the name of its operating system as clouds and MDMs spell it."""

_BY_BEGINNING = (
    (("windows server", "windowsserver"), "server"),
    (("windows phone", "windowsphone", "windows mobile", "windowsmobile"), "mobile_device"),
    (("windows", "macmdm", "macos", "mac os", "os x", "chrome", "linux", "ubuntu", "darwin"), "workstation"),
    (("ios", "ipados", "iphone", "ipad", "android", "visionos", "watchos", "aosp"), "mobile_device"),
    (("printer",), "printer"),
)


def class_by_os(operating_system: str | None) -> str:
    """`device` where the name says too little."""
    name = (operating_system or "").strip().casefold()
    if "server" in name and name.startswith("windows"):
        return "server"
    return next((found for beginnings, found in _BY_BEGINNING if name.startswith(beginnings)), "device")


def os_with_version(name: str | None, version: str | None) -> str | None:
    """`macOS 15.1`; None where nothing is known."""
    if name and version and name.casefold() in version.casefold():
        return version.strip()
    return " ".join(part.strip() for part in (name, version) if part) or None
