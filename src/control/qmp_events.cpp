// SPDX-License-Identifier: Apache-2.0
#include "control/qmp_events.h"

#include <array>

namespace kelvin::control {

namespace {

using Members = std::vector<state::OptionDescription>;

Members nothing() {
    return {};
}

/// Why the machine ended or began anew, and whether the guest wanted it.
Members cause() {
    return {{.name = "guest", .type = "bool"}, {.name = "reason", .type = "str"}};
}

Members device() {
    return {{.name = "device", .type = "str"}, {.name = "path", .type = "str"}};
}

Members tray() {
    return {{.name = "device", .type = "str"}, {.name = "id", .type = "str"}, {.name = "tray-open", .type = "bool"}};
}

Members serial_port() {
    return {{.name = "id", .type = "str"}, {.name = "open", .type = "bool"}};
}

Members balloon() {
    return {{.name = "actual", .type = "int"}};
}

Members disk_error() {
    return {{.name = "qom-path", .type = "str"},
            {.name = "device", .type = "str"},
            {.name = "node-name", .type = "str"},
            {.name = "operation", .type = "IoOperationType", .values = {"read", "write"}},
            {.name = "action", .type = "BlockErrorAction", .values = {"ignore", "report", "stop"}},
            {.name = "nospace", .type = "bool"},
            {.name = "reason", .type = "str"}};
}

Members job() {
    return {{.name = "id", .type = "str"},
            {.name = "status",
             .type = "JobStatus",
             .values = {"undefined", "created", "running", "paused", "ready", "standby", "waiting", "pending",
                        "aborting", "concluded", "null"}}};
}

constexpr auto kEvents = std::to_array<QmpEvent>({
    {"BALLOON_CHANGE", balloon},
    {"BLOCK_IO_ERROR", disk_error},
    {"DEVICE_DELETED", device},
    {"DEVICE_TRAY_MOVED", tray},
    {"JOB_STATUS_CHANGE", job},
    {"POWERDOWN", nothing},
    {"RESET", cause},
    {"RESUME", nothing},
    {"SHUTDOWN", cause},
    {"STOP", nothing},
    {"VSERPORT_CHANGE", serial_port},
});

}  // namespace

std::span<const QmpEvent> qmp_events() {
    return kEvents;
}

}  // namespace kelvin::control
