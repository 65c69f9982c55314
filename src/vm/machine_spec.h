// SPDX-License-Identifier: Apache-2.0
// What machine the user wants, in our own terms: every front end ends here, and nothing behind it knows which it was.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "accel/accelerator.h"
#include "backend/char/character_devices.h"
#include "backend/display/vnc_server.h"
#include "base/types.h"
#include "cpu/arm64/model.h"
#include "firmware/smbios.h"
#include "state/json.h"
#include "vm/drive_spec.h"

namespace kelvin::vm {

/// The interrupt controller's architecture version.
enum class GicVersion : u8 { v2 = 2, v3 = 3 };

/// How many of each there are in one of what is named before: the product is at least the number of processors.
struct CpuTopology {
    unsigned sockets = 1;
    unsigned clusters = 1;
    unsigned cores = 1;
    unsigned threads = 1;
};

struct CpuSpec {
    std::string model{arm64::kDefaultModel};
    std::vector<std::string> properties;  ///< "pauth=off"
    unsigned count = 1;
    CpuTopology topology;
};

/// Paths on the host; empty where nothing was given.
struct BootSpec {
    std::string kernel;
    std::string initrd;
    std::string arguments;  ///< the kernel's command line
    std::string device_tree;
    std::string firmware;                       ///< what is in the first flash bank, never changed; a file's name is
                                                ///< looked for where firmware is installed, too
    std::vector<std::string> firmware_folders;  ///< where first
};

/// In which order firmware tries to start from devices: those with a bootindex, else kinds of devices.
struct BootOrderSpec {
    std::string order;                  ///< c: disks, d: CDs, n to p: network; empty: firmware decides
    std::string once;                   ///< the same, for the first start only
    bool strict = false;                ///< nothing else is tried
    bool menu = false;                  ///< firmware waits for a key
    std::optional<u16> menu_wait_ms{};  ///< for so long
};

/// A file that firmware and guests find by its name in fw_cfg.
struct FirmwareFileSpec {
    std::string name;
    std::string path;  ///< of the file that holds it; empty: `content` is it
    std::string content;
};

/// What the machine says it is; of the tables, what users say.
struct SmbiosSpec {
    firmware::Smbios tables;
    std::vector<std::string> text_files;       ///< further texts for the guest
    std::vector<std::string> structure_files;  ///< structures that users bring whole
};

/// A bank of flash that lives in a file.
struct PflashSpec {
    std::string file;
    bool read_only = false;
    bool snapshot = false;  ///< what the guest writes is forgotten at the end
};

/// Virtual time counts instructions: see base/instruction_clock.h.
struct InstructionTime {
    unsigned shift = 0;  ///< an instruction takes 2^shift ns
    bool sleeps = true;  ///< who waits lets the host's time pass too
};

/// Whoever is at the other end of a character device controls the machine.
struct MonitorSpec {
    std::string character;  ///< its id
    bool is_protocol;       ///< QMP; else commands as people type them
};

/// A device that is added to the board.
struct DeviceSpec {
    std::string driver;
    std::string id;       ///< empty: none
    std::string bus;      ///< empty: the first that fits
    state::Json options;  ///< all others, an object
};

/// The host's end of a network cable.
struct NetworkSpec {
    std::string type;  ///< "user"
    std::string id;
    state::Json options;
};

/// A default of all devices of one type.
struct GlobalOption {
    std::string driver;
    std::string property;
    std::string value;
};

/// A source of random bytes and the like, which devices refer to.
struct ObjectSpec {
    std::string type;
    std::string id;
    state::Json options;
};

/// Where a debugger connects.
struct DebuggerSpec {
    enum class Kind : u8 { tcp, unix_socket, stdio };
    Kind kind = Kind::tcp;
    std::string host;  ///< tcp; empty: this host, for programs that run on it
    std::string port;
    std::string path;  ///< of the socket
};

/// Which of an x86 machine's boards.
enum class X86Board : u8 { microvm, q35, pc };

/// Of the guest's processors.
enum class Architecture : u8 { aarch64, x86_64 };

struct MachineSpec {
    Architecture architecture = Architecture::aarch64;
    X86Board x86_board = X86Board::pc;
    bool firmware_on_serial = false;  ///< a PC's firmware talks by the serial port, as there is no screen
    std::string name;                 ///< what the user calls it; may be empty
    std::string uuid;                 ///< likewise; else as it is written in lower case
    u64 ram_size = u64{128} << 20;
    CpuSpec cpu;
    std::optional<GicVersion> gic;                    ///< empty: as the number of processors needs
    bool its = true;                                  ///< a GICv3 takes PCI devices' messages, by an ITS
    bool acpi = true;                                 ///< firmware has ACPI's tables to give on; else a device tree
    std::optional<InstructionTime> instruction_time;  ///< empty: the host's clock is what time passes by
    BootSpec boot;
    BootOrderSpec boot_order;
    std::vector<FirmwareFileSpec> firmware_files;
    SmbiosSpec smbios;
    std::array<std::optional<PflashSpec>, 2> pflash;
    std::vector<backend::CharacterSpec> characters;
    std::string serial;  ///< which of them is the serial port's other end; empty: nobody is there
    std::vector<MonitorSpec> monitors;
    std::optional<backend::VncOptions> vnc;  ///< where the first screen can be seen
    std::vector<ObjectSpec> objects;
    std::vector<state::Json> block_nodes;  ///< each is what -blockdev says; in this order
    std::vector<DriveSpec> drives;
    std::vector<NetworkSpec> networks;
    std::vector<DeviceSpec> devices;
    std::vector<GlobalOption> globals;
    bool start_paused = false;
    bool is_none = false;  ///< no machine: there is only who can be asked what machines there could be
    i64 clock_offset = 0;  ///< seconds that its time of day is ahead of the host's
    std::optional<DebuggerSpec> debugger;
    bool exit_on_reset = false;      ///< a guest that resets ends the process
    bool pause_on_shutdown = false;  ///< a guest that switches off stays, paused, until the process is told to end
    std::string dump_device_tree;    ///< write the device tree to this file and end
    accel::TranslatorOptions translator;
};

}  // namespace kelvin::vm
