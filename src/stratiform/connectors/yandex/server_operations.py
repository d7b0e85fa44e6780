"""What Yandex Cloud lacks, with the reason. Source: Compute Cloud API reference (InstanceService)."""

from collections.abc import Mapping

from stratiform.contract.server_operations import ServerOperation

UNSUPPORTED: Mapping[ServerOperation, str] = {
    ServerOperation.PAUSE: "Yandex Cloud cannot pause a server; stop it instead.",
    ServerOperation.SUSPEND: "Yandex Cloud cannot suspend a server; stop it instead.",
    ServerOperation.RESCUE: "Yandex Cloud has no rescue mode; attach the volume to another server instead.",
    ServerOperation.REBUILD: "Yandex Cloud cannot replace the boot disk of a server; create another server.",
    ServerOperation.SET_PASSWORD: "Yandex Cloud cannot set a password; use a key pair or user data.",
    ServerOperation.CRASH_DUMP: "Yandex Cloud cannot trigger a crash dump.",
    ServerOperation.CHANGE_INTERFACES: (
        "Yandex Cloud changes the interfaces of stopped servers only; create the server with a port."
    ),
    ServerOperation.SERIAL_CONSOLE: (
        "Yandex Cloud serves serial consoles over SSH only; read the console output instead."
    ),
    ServerOperation.GRAPHICAL_CONSOLE: "Yandex Cloud has no graphical consoles.",
    ServerOperation.CONFIG_DRIVE: "Yandex Cloud has no config drives; guests read its metadata service.",
    ServerOperation.SWAP_VOLUME: ("Yandex Cloud cannot swap an attached volume; detach it and attach the other one."),
    ServerOperation.SERVER_GROUP: "Server groups are not supported on Yandex Cloud.",
}
