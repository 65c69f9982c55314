// SPDX-License-Identifier: Apache-2.0
// One row an option: what it is called, what it takes, what -help says, what it does.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/command_line.h"
#include "state/json.h"

namespace kelvin::control {

/// What has been read so far, with what can only be settled at the end, because QEMU's options count in any order.
struct Draft {
    CommandLine line;
    bool machine_named = false;
    bool no_defaults = false;
    bool no_graphic = false;
    bool snapshot = false;
    std::optional<std::string> display;
    std::optional<std::string> video;  ///< what -vga says
    std::optional<std::string> serial;
    std::optional<std::string> monitor;
    std::array<std::string, 2> flash_nodes;  ///< block nodes that the flash banks are in; empty: none
    std::string memory_object;               ///< the -object that is the machine's memory; empty: none
    bool memory_sized = false;               ///< -m was given
    bool cpu_named = false;
    bool wants_kvm = false;         ///< -accel names it; an accelerator that there is may be named besides
    bool wants_translator = false;  ///< likewise
    /// Where virtio devices go that are asked for without a bus: "pci", or a slot of "device"s.
    std::string_view virtio_bus() const { return is_x86() && !is_pc() ? "device" : "pci"; }
    bool is_pc() const { return is_x86() && line.spec.x86_board != vm::X86Board::microvm; }
    bool is_x86() const { return line.spec.architecture == vm::Architecture::x86_64; }
    bool network_named = false;
    /// A card whose model is the board's own, or virtio's: which of the machine's devices it is.
    struct UsualCard {
        std::size_t index;
        bool is_virtio;
    };
    std::vector<UsualCard> usual_cards;
    state::Json legacy_nic;      ///< what -net nic said of the card
    state::Json legacy_network;  ///< what -net user said of the cable
};

struct Option {
    std::string_view name;
    std::string_view argument;  ///< empty: takes none
    std::string_view help;      ///< empty: accepted, not listed
    Result<> (*apply)(Draft&, const std::string& value);
};

std::span<const Option> option_table();

/// Names of QEMU's options that Kelvin knows of but does not have.
std::span<const std::string_view> missing_options();

// Handlers with values of their own, in options_*.cpp.
Result<> apply_machine(Draft& draft, const std::string& value);
Result<> apply_cpu(Draft& draft, const std::string& value);
Result<> apply_smp(Draft& draft, const std::string& value);
Result<> apply_memory(Draft& draft, const std::string& value);
Result<> apply_accelerator(Draft& draft, const std::string& value);
Result<> apply_log(Draft& draft, const std::string& value);
Result<> apply_log_file(Draft& draft, const std::string& value);
Result<> apply_log_filter(Draft& draft, const std::string& value);
Result<> apply_serial(Draft& draft, const std::string& value);
Result<> apply_parallel(Draft& draft, const std::string& value);
Result<> apply_debugcon(Draft& draft, const std::string& value);
/// -chardev BACKEND,id=NAME
Result<> apply_character(Draft& draft, const std::string& value);
Result<> apply_display(Draft& draft, const std::string& value);
Result<> apply_vnc(Draft& draft, const std::string& value);
Result<> apply_vga(Draft& draft, const std::string& value);
Result<> apply_nic(Draft& draft, const std::string& value);
Result<> apply_net(Draft& draft, const std::string& value);
Result<> apply_netdev(Draft& draft, const std::string& value);
/// -rtc
Result<> apply_clock(Draft& draft, const std::string& value);
Result<> apply_instruction_time(Draft& draft, const std::string& value);
Result<> apply_blockdev(Draft& draft, const std::string& value);
Result<> apply_drive(Draft& draft, const std::string& value);
Result<> apply_snapshot(Draft& draft, const std::string& value);
Result<> apply_lone_disk(Draft& draft, const std::string& value);
Result<> apply_disk(Draft& draft, const std::string& value);
/// -hda and its kin: place `kIndex` of the board's for IDE drives, where it has some.
template <u32 kIndex>
Result<> apply_numbered_disk(Draft& draft, const std::string& value) {
    KELVIN_TRY(apply_disk(draft, value));
    draft.line.spec.drives.back().index = kIndex;
    return ok();
}
Result<> apply_cdrom(Draft& draft, const std::string& value);
Result<> apply_device(Draft& draft, const std::string& value);
Result<> apply_object(Draft& draft, const std::string& value);
Result<> apply_global(Draft& draft, const std::string& value);
Result<> apply_pflash(Draft& draft, const std::string& value);
Result<> apply_gdb(Draft& draft, const std::string& value);
Result<> apply_gdb_default(Draft& draft, const std::string& value);
/// -incoming: from where a machine's state would come.
Result<> apply_incoming(Draft& draft, const std::string& value);
/// -loadvm
Result<> apply_load_state(Draft& draft, const std::string& value);
Result<> apply_action(Draft& draft, const std::string& value);

/// Has -snapshot meant for every drive that does not say otherwise.
Result<> settle_snapshot(Draft& draft);
Result<> apply_smbios(Draft& draft, const std::string& value);
Result<> apply_boot(Draft& draft, const std::string& value);
Result<> apply_firmware_file(Draft& draft, const std::string& value);

/// An error if what was named is not there.
Result<> settle_accelerator(const Draft& draft);
/// Gives the machine memory of the size that its memory object has, once every option is known.
Result<> settle_memory(Draft& draft);
/// What is not there for that architecture.
Result<> settle_architecture(const Draft& draft);
/// Gives the board's flash those drives that are for it.
Result<> settle_flash(Draft& draft);
/// Gives drives their names and devices, once every option is known.
Result<> settle_drives(Draft& draft);
/// Connects cards and cables, once every option is known.
Result<> settle_networks(Draft& draft);
/// -mon [chardev=]NAME[,mode=control]
Result<> apply_mon(Draft& draft, const std::string& value);
/// -qmp unix:PATH,server=on
Result<> apply_qmp(Draft& draft, const std::string& value);
/// -monitor's ends that are character devices of their own; false: it is something else.
Result<bool> add_monitor_device(Draft& draft, const std::string& value, bool is_protocol);
/// Another way to say which -chardev is meant: "chardev:NAME".
inline constexpr std::string_view kCharacterReference = "chardev:";
/// "unix:PATH,server=on", "tcp:HOST:PORT", "pty", "mon:stdio": a character device without a name; empty if `text` is
/// something else.
Result<std::optional<state::Json>> parse_character_shorthand(const std::string& text);
/// Decides what the serial port and the monitor are connected to, once every option is known.
Result<> settle_console(Draft& draft);
Result<> settle_video(Draft& draft);

}  // namespace kelvin::control
