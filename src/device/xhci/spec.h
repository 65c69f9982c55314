// SPDX-License-Identifier: Apache-2.0
// Registers and structures of the eXtensible Host Controller Interface (xHCI 1.2).
#pragma once

#include "base/types.h"

namespace kelvin::device::xhci {

inline constexpr unsigned kSlots = 32;
inline constexpr unsigned kEndpoints = 32;  ///< by device context index; 0 is not used
inline constexpr unsigned kPorts2 = 4;
inline constexpr unsigned kPorts3 = 4;
inline constexpr unsigned kPorts = kPorts2 + kPorts3;
inline constexpr unsigned kInterrupters = 8;

/// Where the groups of registers are (5.2).
inline constexpr u64 kOperationalAt = 0x40;
inline constexpr u64 kPortsAt = 0x440;
inline constexpr u64 kRuntimeAt = 0x1000;
inline constexpr u64 kDoorbellsAt = 0x2000;
inline constexpr u64 kSize = 0x4000;

/// USBCMD (5.4.1).
namespace command {
inline constexpr u32 kRun = 1U << 0;
inline constexpr u32 kReset = 1U << 1;
inline constexpr u32 kInterrupts = 1U << 2;
inline constexpr u32 kSystemErrors = 1U << 3;
inline constexpr u32 kRestore = 1U << 9;
inline constexpr u32 kWrapEvents = 1U << 10;
inline constexpr u32 kStored = kRun | kInterrupts | kSystemErrors | kWrapEvents;
}  // namespace command

/// USBSTS (5.4.2).
namespace status {
inline constexpr u32 kHalted = 1U << 0;
inline constexpr u32 kSystemError = 1U << 2;
inline constexpr u32 kEvent = 1U << 3;
inline constexpr u32 kPortChange = 1U << 4;
inline constexpr u32 kRestoreError = 1U << 10;
inline constexpr u32 kClearable = kSystemError | kEvent | kPortChange | kRestoreError;
}  // namespace status

/// PORTSC (5.4.8).
namespace port {
inline constexpr u32 kConnected = 1U << 0;
inline constexpr u32 kEnabled = 1U << 1;
inline constexpr u32 kReset = 1U << 4;
inline constexpr unsigned kLinkAt = 5;
inline constexpr u32 kLink = 0xfU << kLinkAt;
inline constexpr u32 kPower = 1U << 9;
inline constexpr unsigned kSpeedAt = 10;
inline constexpr u32 kSpeed = 0xfU << kSpeedAt;
inline constexpr u32 kLinkStrobe = 1U << 16;
inline constexpr u32 kConnectChange = 1U << 17;
inline constexpr u32 kResetChange = 1U << 21;
inline constexpr u32 kLinkChange = 1U << 22;
inline constexpr u32 kChanges = 0x7fU << 17;
inline constexpr u32 kWakes = 7U << 25;
inline constexpr u32 kLinkActive = 0;
inline constexpr u32 kLinkSuspended = 3;
inline constexpr u32 kLinkNothing = 5;  ///< RxDetect
inline constexpr u32 kLinkPolling = 7;
inline constexpr u32 kLinkResume = 15;
}  // namespace port

/// Transfer request blocks (6.4).
enum class Type : u8 {
    normal = 1,
    setup = 2,
    data = 3,
    status = 4,
    link = 6,
    event_data = 7,
    no_op = 8,
    enable_slot = 9,
    disable_slot = 10,
    address_device = 11,
    configure_endpoint = 12,
    evaluate_context = 13,
    reset_endpoint = 14,
    stop_endpoint = 15,
    set_dequeue = 16,
    reset_device = 17,
    no_op_command = 23,
    transfer_event = 32,
    command_completion = 33,
    port_change = 34,
    controller_event = 37,
};

/// 6.4.5.
enum class Code : u8 {
    success = 1,
    transaction_error = 4,
    trb_error = 5,
    stall = 6,
    no_slots = 9,
    slot_not_enabled = 11,
    endpoint_not_enabled = 12,
    short_packet = 13,
    parameter_error = 17,
    context_state_error = 19,
    event_ring_full = 21,
    ring_stopped = 24,
};

struct Trb {
    static constexpr u64 kSize = 16;
    static constexpr u32 kCycle = 1U << 0;
    static constexpr u32 kToggle = 1U << 1;  ///< of a link
    static constexpr u32 kShortInterrupts = 1U << 2;
    static constexpr u32 kChain = 1U << 4;
    static constexpr u32 kInterrupts = 1U << 5;
    static constexpr u32 kImmediate = 1U << 6;
    static constexpr u32 kFlag = 1U << 9;  ///< BSR, DC: what a command makes of it
    static constexpr u32 kIn = 1U << 16;

    u64 address = 0;
    u64 parameter = 0;
    u32 status = 0;
    u32 control = 0;

    Type type() const { return static_cast<Type>(control >> 10 & 0x3f); }
    bool has(u32 flag) const { return (control & flag) != 0; }
    u32 length() const { return status & 0x1ffff; }
    u32 interrupter() const { return status >> 22; }
    u32 slot() const { return control >> 24; }
    u32 endpoint() const { return control >> 16 & 0x1f; }
};

/// Endpoint contexts (6.2.3).
enum class EndpointState : u8 { disabled, running, halted, stopped, error };
inline constexpr u64 kContextSize = 32;
/// Slot contexts (6.2.2).
enum class SlotState : u8 { disabled_or_enabled, default_, addressed, configured };

}  // namespace kelvin::device::xhci
