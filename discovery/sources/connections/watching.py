"""Which traffic only looks after machines: losing its other end brings nobody down."""

WATCHING_PORTS = frozenset(
    {
        22, 3389, 5900, 5985, 5986,  # administering: SSH, RDP, VNC, WinRM
        123,  # time
        161, 162, 199, 1984, 5666, 5667, 9090, 9093, 9100, 9104, 9187, 10050, 10051,  # watching: SNMP, agents
        514, 601, 1514, 1515, 5044, 6514, 12201, 24224,  # logging: syslog, Beats, GELF, Fluent
        873, 9101, 9102, 9103, 10080, 13720, 13724,  # saving: rsync, Bacula, Amanda, NetBackup
        4505, 4506, 8139, 8140, 8530, 8531,  # patching and configuring: Salt, Puppet, WSUS
    }
)  # fmt: skip
"""where the caller finds such a service"""

WATCHING_PROGRAMS = frozenset(
    {
        *("ssh", "sshd", "xrdp", "x11vnc"),
        *("chronyd", "ntpd", "systemd-timesyncd"),
        *("node_exporter", "prometheus", "alertmanager", "telegraf", "collectd", "netdata", "snmpd", "nrpe"),
        *("zabbix_agent", "zabbix_agentd", "zabbix_server", "datadog-agent", "nmap"),
        *("rsyslogd", "syslog-ng", "filebeat", "metricbeat", "fluentd", "fluent-bit", "promtail", "vector", "auditd"),
        *("rsync", "borg", "restic", "bacula-fd", "bacula-sd", "bareos-fd", "veeamagent"),
        *(
            "pg_dump",
            "pg_dumpall",
            "pg_basebackup",
            "pg_receivewal",
            "barman",
            "pgbackrest",
            "mysqldump",
            "mariadb-dump",
        ),
        *("mongodump", "sqlcmd", "psql", "mysql", "mongosh", "sqlplus", "postgres_exporter", "mysqld_exporter"),
        *("mongodb_exporter", "pgadmin", "dbeaver", "datagrip"),
        *("apt", "apt-get", "dnf", "yum", "unattended-upgrade", "salt-minion", "puppet", "chef-client", "ansible"),
    }
)
"""whose connections, in either direction, are of that kind"""


def only_looks_after(program: str, port: int) -> bool:
    """Whether a connection of this program to (or through) this port is such traffic."""
    return port in WATCHING_PORTS or program in WATCHING_PROGRAMS
