"""Where the service graph's metrics are, and how far back they are counted."""

from pydantic import Field, SecretStr

from discovery.clients.asking import AskingSettings


class ServiceGraphSettings(AskingSettings):
    """A Prometheus server, or a file in its text format."""

    base_url: str = Field("", description="address of the Prometheus server, such as https://prometheus.corp.example")
    token: SecretStr | None = Field(None, description="bearer token, where the server wants one")
    file: str = Field("", description="a saved text exposition to read instead of asking a server")
    window: str = Field(
        "1d", pattern=r"^[1-9][0-9]{0,5}[smhdw]$", description="how far back calls are counted: 30m, 12h, 1d"
    )
