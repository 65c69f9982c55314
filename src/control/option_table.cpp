// SPDX-License-Identifier: Apache-2.0
#include "control/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace kelvin::control {

namespace {

Result<> ignore(Draft&, const std::string&) {
    return ok();
}

Result<> apply_help(Draft& draft, const std::string&) {
    std::string& text = draft.line.answer;
    text = version_text() + "usage: kelvin-system-aarch64 [options]\n\n";
    for (const Option& option : option_table()) {
        if (!option.help.empty()) {
            const std::string left = fmt::format("-{} {}", option.name, option.argument);
            text +=
                fmt::format("  {:<34}{}{}\n", left, left.size() > 33 ? "\n" + std::string(36, ' ') : "", option.help);
        }
    }
    return ok();
}

Result<> apply_version(Draft& draft, const std::string&) {
    draft.line.answer = version_text();
    return ok();
}

template <auto Member>
Result<> set_boot(Draft& draft, const std::string& value) {
    draft.line.spec.boot.*Member = value;
    return ok();
}

Result<> apply_folder(Draft& draft, const std::string& value) {
    draft.line.spec.boot.firmware_folders.push_back(value);
    return ok();
}

template <auto Member>
Result<> set_spec(Draft& draft, const std::string&) {
    draft.line.spec.*Member = true;
    return ok();
}

template <auto Member>
Result<> set_draft(Draft& draft, const std::string&) {
    draft.*Member = true;
    return ok();
}

Result<> apply_no_acpi(Draft& draft, const std::string&) {
    draft.line.spec.acpi = false;
    return ok();
}

Result<> apply_name(Draft& draft, const std::string& value) {
    const std::string first = value.substr(0, value.find(','));
    draft.line.spec.name = first.starts_with("guest=") ? first.substr(6) : first;
    return ok();
}

Result<> apply_uuid(Draft& draft, const std::string& value) {
    constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const bool fits = std::ranges::equal(value, kShape, [](char c, char shape) {
        return shape == '-' ? c == '-' : std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
    if (!fits) {
        return user_error(fmt::format("'{}' is no UUID", value), "it looks like 6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    }
    draft.line.spec.uuid = value;
    std::ranges::transform(value, draft.line.spec.uuid.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ok();
}

Result<> apply_daemonize(Draft& draft, const std::string&) {
    draft.line.daemonize = true;
    return ok();
}

Result<> apply_pid_file(Draft& draft, const std::string& value) {
    draft.line.pid_file = value;
    return ok();
}

Result<> apply_kvm(Draft& draft, const std::string&) {
    draft.wants_kvm = true;
    return ok();
}

Result<> apply_audio(Draft&, const std::string& value) {
    const state::Json options = KELVIN_TRY(state::parse_options(value, "driver"));
    if (const auto driver = options.find("driver"); driver == options.end() || *driver != "none") {
        return user_error("there is no sound yet", "driver=none is accepted");
    }
    return ok();
}

Result<> apply_monitor(Draft& draft, const std::string& value) {
    const bool settled_later = value == "stdio" || value == "null" || value == "none";
    if (!settled_later && KELVIN_TRY(add_monitor_device(draft, value, false))) {
        return ok();
    }
    draft.monitor = value;
    return ok();
}

template <auto Member>
Result<> set_translator(Draft& draft, const std::string&) {
    draft.line.spec.translator.*Member = true;
    return ok();
}

using accel::TranslatorOptions;
using vm::BootSpec;
using vm::MachineSpec;

constexpr auto kTable = std::to_array<Option>({
    {"machine", "NAME[,PROPERTY=...]", "the machine: virt; gic-version=2|3 (-machine help lists)", apply_machine},
    {"M", "NAME[,PROPERTY=...]", "the same", apply_machine},
    {"cpu", "MODEL[,FEATURE=on|off]", "the processor (-cpu help lists)", apply_cpu},
    {"smp", "N[,cores=N...]", "how many processors; sockets=, clusters=, cores=, threads= group them", apply_smp},
    {"m", "SIZE", "guest memory: 1024 (MiB), 512M, 4G, 4gb", apply_memory},
    {"accel", "NAME[,PROPERTY=...]",
     "what executes guest code: translator (also called tcg); host=v2|v3|v4 makes code for an x86-64 processor of "
     "that level; inject=help lists what hinders it",
     apply_accelerator},
    {"enable-kvm", "", "", apply_kvm},
    {"icount", "[shift=]N[,sleep=off]",
     "every run alike: an instruction takes 2^N ns (N: 0 to 10); sleep=off: the host does not wait when the guest does",
     apply_instruction_time},
    {"kernel", "FILE", "arm64 Linux Image (also gzip, zboot), aarch64 ELF, or flat binary",
     set_boot<&BootSpec::kernel>},
    {"initrd", "FILE", "initial RAM disk", set_boot<&BootSpec::initrd>},
    {"append", "TEXT", "the kernel's command line", set_boot<&BootSpec::arguments>},
    {"dtb", "FILE", "device tree blob instead of the machine's own", set_boot<&BootSpec::device_tree>},
    {"bios", "FILE", "firmware, such as AAVMF_CODE.fd, in read-only flash", set_boot<&BootSpec::firmware>},
    {"pflash", "FILE", "the next bank's image, which the guest may change", apply_pflash},
    {"L", "FOLDER", "where -bios looks first", apply_folder},
    {"boot", "[order=]ORDER[,once=ORDER][,menu=on][,strict=on]",
     "what firmware starts from: c disks, d CDs, n network; a device's bootindex=N goes before. splash-time=MS: for "
     "how "
     "long the menu's key is waited for",
     apply_boot},
    {"smbios", "type=N[,KEY=VALUE]|file=FILE",
     "what the machine says it is: type 1 has manufacturer=, product=, serial=, uuid=, 11 value=TEXT for the guest",
     apply_smbios},
    {"fw_cfg", "[name=]opt/NAME,file=FILE|string=TEXT", "what firmware and guests find under that name",
     apply_firmware_file},
    {"nographic", "", "no display; serial port and monitor in this terminal (Ctrl-A h helps)",
     set_draft<&Draft::no_graphic>},
    {"chardev", "BACKEND,id=NAME[,KEY=VALUE]",
     "the far end of a line: socket, udp, stdio, pty, pipe, file, ringbuf, null", apply_character},
    {"serial", "stdio|mon:stdio|unix:PATH|tcp:HOST:PORT|telnet:...|pty|file:PATH|pipe:PATH|chardev:NAME|null|none",
     "the other end of the serial port", apply_serial},
    {"parallel", "file:PATH|stdio|...", "a PC's parallel port, and where what is printed goes", apply_parallel},
    {"debugcon", "file:PATH|stdio|...", "a PC's debug port, to which firmware writes, and where that goes",
     apply_debugcon},
    {"monitor", "stdio|unix:PATH|tcp:...|chardev:NAME|none", "the other end of the monitor", apply_monitor},
    {"qmp", "unix:PATH,server=on,wait=off", "QMP, by which programs control the machine; also tcp:HOST:PORT",
     apply_qmp},
    {"mon", "chardev=NAME[,mode=control]", "a monitor at the end of a -chardev; mode=control is QMP", apply_mon},
    {"display", "vnc=HOST:N|none", "how the screen is shown", apply_display},
    {"vnc", "HOST:N[,to=N][,password=on][,websocket=on|PORT]|unix:PATH",
     "show the screen by VNC at port 5900+N; browsers at the websocket's", apply_vnc},
    {"vga", "std|none", "the video card", apply_vga},
    {"nodefaults", "", "connect nothing that was not asked for", set_draft<&Draft::no_defaults>},
    {"nic", "user|none[,model=TYPE,KEY=VALUE]", "a network card and its cable: hostfwd=tcp::2222-:22 forwards a port",
     apply_nic},
    {"netdev", "TYPE,id=NAME[,KEY=VALUE]",
     "a cable for a -device virtio-net-pci,netdev=NAME: user, tap, stream, dgram, socket", apply_netdev},
    {"net", "nic|user|none", "", apply_net},
    {"no-reboot", "", "end when the guest resets", set_spec<&MachineSpec::exit_on_reset>},
    {"no-shutdown", "", "stay, paused, when the guest switches off", set_spec<&MachineSpec::pause_on_shutdown>},
    {"action", "reboot=...,shutdown=...", "reboot=reset|shutdown, shutdown=poweroff|pause", apply_action},
    {"S", "", "do not start the processors; the monitor's `cont` does", set_spec<&MachineSpec::start_paused>},
    {"incoming", "CHANNEL", "", apply_incoming},
    {"loadvm", "TAG", "", apply_load_state},
    {"gdb", "tcp:[HOST]:PORT|unix:PATH|stdio|none", "let GDB connect; without HOST from this host only", apply_gdb},
    {"s", "", "the same as -gdb tcp::1234", apply_gdb_default},
    {"d", "ITEM[,ITEM]", "log: in_asm, op, out_asm, exec, int, jit... (-d help lists)", apply_log},
    {"D", "FILE", "where -d logs to, instead of standard error", apply_log_file},
    {"dfilter", "RANGE[,RANGE]", "log only regions that begin at START..END, START+SIZE (hexadecimal)",
     apply_log_filter},
    {"perfmap", "", "write /tmp/perf-PID.map, so that perf names translated code",
     set_translator<&TranslatorOptions::perf_map>},
    {"jitdump", "", "write jit-PID.dump, for perf inject --jit", set_translator<&TranslatorOptions::jit_dump>},
    {"blockdev", "[driver=]DRIVER,node-name=NAME[,KEY=VALUE]",
     "a block node: file, host_device, raw, qcow2, null-co; a -device's drive=NAME uses it", apply_blockdev},
    {"drive", "file=IMAGE[,KEY=VALUE]",
     "a disk: if=virtio|ide|pflash|none, format=raw, id=, readonly=on, cache=, discard=, serial=", apply_drive},
    {"snapshot", "", "what the guest writes to its drives is forgotten at the end", apply_snapshot},
    {"hda", "IMAGE", "a disk", apply_numbered_disk<0>},
    {"hdb", "IMAGE", "", apply_numbered_disk<1>},
    {"hdc", "IMAGE", "", apply_numbered_disk<2>},
    {"hdd", "IMAGE", "", apply_numbered_disk<3>},
    {"cdrom", "IMAGE", "a disk that cannot be written", apply_cdrom},
    {"device", "TYPE,KEY=VALUE", "add a device; -device help lists the types, -device TYPE,help their options",
     apply_device},
    {"object", "TYPE,id=NAME,KEY=VALUE", "something that devices refer to: rng-random, rng-builtin, filter-dump",
     apply_object},
    {"global", "TYPE.KEY=VALUE", "a default for every device of a type", apply_global},
    {"rtc", "base=utc|localtime|DATE", "what the machine's clock begins at", apply_clock},
    {"daemonize", "", "go on in the background when the machine is there", apply_daemonize},
    {"pidfile", "FILE", "write the process's number to it", apply_pid_file},
    {"audiodev", "none,id=NAME", "", apply_audio},
    {"name", "TEXT", "what the machine is called", apply_name},
    {"version", "", "print the version", apply_version},
    {"help", "", "print this", apply_help},
    {"h", "", "", apply_help},
    {"no-user-config", "", "", ignore},
    {"no-acpi", "", "", apply_no_acpi},
    {"no-hpet", "", "", ignore},
    {"uuid", "UUID", "the machine's UUID, for guests, the monitor and QMP", apply_uuid},
    {"overcommit", "OPTIONS", "", ignore},
    {"msg", "OPTIONS", "", ignore},
    {"k", "LAYOUT", "", ignore},
});

constexpr auto kMissing = std::to_array<std::string_view>({
    "add-fd",
    "audio",
    "chroot",
    "compat",
    "dump-vmstate",
    "echr",
    "fda",
    "fdb",
    "fsdev",
    "full-screen",
    "g",
    "iscsi",
    "mem-path",
    "mem-prealloc",
    "mtdblock",
    "numa",
    "only-migratable",
    "option-rom",
    "parallel",
    "plugin",
    "preconfig",
    "prom-env",
    "qmp-pretty",
    "readconfig",
    "run-with",
    "runas",
    "sandbox",
    "sd",
    "seed",
    "semihosting",
    "semihosting-config",
    "set",
    "shim",
    "spice",
    "tpmdev",
    "trace",
    "usb",
    "usbdevice",
    "virtfs",
    "watchdog-action",
    "writeconfig",
    "xen-attach",
});

}  // namespace

std::span<const Option> option_table() {
    return kTable;
}

std::span<const std::string_view> missing_options() {
    return kMissing;
}

}  // namespace kelvin::control
