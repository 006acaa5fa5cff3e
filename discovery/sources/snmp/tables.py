"""Which objects are read of a device: scalars in one question, columns by walking."""

SYSTEM: dict[str, str] = {
    "descr": "1.3.6.1.2.1.1.1.0",
    "object_id": "1.3.6.1.2.1.1.2.0",
    "name": "1.3.6.1.2.1.1.5.0",
    "location": "1.3.6.1.2.1.1.6.0",
    "services": "1.3.6.1.2.1.1.7.0",
    "forwarding": "1.3.6.1.2.1.4.1.0",
    "chassis_subtype": "1.0.8802.1.1.2.1.3.1.0",
    "chassis_id": "1.0.8802.1.1.2.1.3.2.0",
}
"""SNMPv2-MIB, IP-MIB and LLDP-MIB"""

COLUMNS: dict[str, str] = {
    "if_descr": "1.3.6.1.2.1.2.2.1.2",
    "if_type": "1.3.6.1.2.1.2.2.1.3",
    "if_speed": "1.3.6.1.2.1.2.2.1.5",
    "if_mac": "1.3.6.1.2.1.2.2.1.6",
    "if_admin": "1.3.6.1.2.1.2.2.1.7",
    "if_oper": "1.3.6.1.2.1.2.2.1.8",
    "if_name": "1.3.6.1.2.1.31.1.1.1.1",
    "if_high_speed": "1.3.6.1.2.1.31.1.1.1.15",
    "if_alias": "1.3.6.1.2.1.31.1.1.1.18",
    "ip_if": "1.3.6.1.2.1.4.20.1.2",
    "ent_class": "1.3.6.1.2.1.47.1.1.1.1.5",
    "ent_serial": "1.3.6.1.2.1.47.1.1.1.1.11",
    "ent_vendor": "1.3.6.1.2.1.47.1.1.1.1.12",
    "ent_model": "1.3.6.1.2.1.47.1.1.1.1.13",
    "lldp_port_subtype": "1.0.8802.1.1.2.1.3.7.1.2",
    "lldp_port_id": "1.0.8802.1.1.2.1.3.7.1.3",
    "lldp_port_descr": "1.0.8802.1.1.2.1.3.7.1.4",
    "lldp_chassis_subtype": "1.0.8802.1.1.2.1.4.1.1.4",
    "lldp_chassis": "1.0.8802.1.1.2.1.4.1.1.5",
    "lldp_port": "1.0.8802.1.1.2.1.4.1.1.7",
    "lldp_name": "1.0.8802.1.1.2.1.4.1.1.9",
    "cdp_address": "1.3.6.1.4.1.9.9.23.1.2.1.1.4",
    "cdp_device": "1.3.6.1.4.1.9.9.23.1.2.1.1.6",
    "cdp_port": "1.3.6.1.4.1.9.9.23.1.2.1.1.7",
    "arp": "1.3.6.1.2.1.4.22.1.2",
    "bridge_if": "1.3.6.1.2.1.17.1.4.1.2",
    "fdb": "1.3.6.1.2.1.17.4.3.1.2",
    "fdb_vlan": "1.3.6.1.2.1.17.7.1.2.2.1.2",
}
"""IF-MIB, IP-MIB, ENTITY-MIB, LLDP-MIB, CISCO-CDP-MIB, BRIDGE-MIB and Q-BRIDGE-MIB; a row's key is its index"""
