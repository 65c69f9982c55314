// SPDX-License-Identifier: Apache-2.0
#include "control/command_line.h"

#include <gtest/gtest.h>

#include <ctime>

#include "control/test_command_line.h"
#include "state/text_values.h"

namespace kelvin::control {
namespace {

std::string answer_of(const Arguments& arguments) {
    const auto line = parse_command_line(arguments);
    return line ? line.value().answer : line.error().message();
}

/// What is at the other end of the serial port: "{backend:stdio}".
std::string serial_of(const vm::MachineSpec& spec) {
    for (const backend::CharacterSpec& character : spec.characters) {
        if (character.id == spec.serial) {
            std::string text = state::to_text(character.options);
            std::erase(text, '"');
            return text;
        }
    }
    return "";
}

#define EXPECT_MENTIONS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(CommandLine, TheClockBeginsAtADate) {
    EXPECT_EQ(spec_of({"-kernel", "K", "-rtc", "base=utc,driftfix=slew"}).clock_offset, 0);
    constexpr i64 kLeapDay = 1'709'208'000;  // 2024-02-29T12:00:00
    const i64 ahead = spec_of({"-kernel", "K", "-rtc", "base=2024-02-29T12:00:00"}).clock_offset;
    EXPECT_NEAR(static_cast<double>(ahead), static_cast<double>(kLeapDay - ::time(nullptr)), 60);
    EXPECT_MENTIONS(error_of({"-rtc", "base=2024-02-29T12:00:00Z"}), "is no date");
    EXPECT_MENTIONS(error_of({"-rtc", "bass=utc"}), "base");
}

TEST(CommandLine, ThereIsNoSound) {
    EXPECT_EQ(error_of({"-kernel", "K", "-audiodev", R"({"id":"a","driver":"none"})"}), "accepted");
    for (const char* const given : {"alsa,id=a", "id=a", R"({"driver":1})"}) {
        EXPECT_MENTIONS(error_of({"-audiodev", given}), "no sound");
    }
}

TEST(CommandLine, ATypicalCall) {
    const auto spec = spec_of({"-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", "1", "-m", "512", "-kernel",
                               "K", "-initrd", "I", "-append", "console=ttyAMA0 quiet", "-nographic", "-no-reboot"});
    EXPECT_EQ(spec.gic, vm::GicVersion::v3);
    EXPECT_EQ(spec.cpu.model, "cortex-a57");
    EXPECT_EQ(spec.ram_size, u64{512} << 20);
    EXPECT_EQ(spec.boot.kernel, "K");
    EXPECT_EQ(spec.boot.initrd, "I");
    EXPECT_EQ(spec.boot.arguments, "console=ttyAMA0 quiet");
    EXPECT_TRUE(spec.exit_on_reset);
    EXPECT_EQ(serial_of(spec), "{backend:stdio,mux:true,signal:false}");
    ASSERT_EQ(spec.monitors.size(), 1U);
    EXPECT_EQ(spec.monitors[0].character, spec.serial);
}

TEST(CommandLine, Its) {
    EXPECT_TRUE(spec_of({"-M", "virt,gic-version=3"}).its);
    EXPECT_TRUE(spec_of({"-M", "virt,its=on"}).its);
    EXPECT_FALSE(spec_of({"-M", "virt,gic-version=3,its=off"}).its);
    EXPECT_MENTIONS(error_of({"-M", "virt,its=maybe"}), "its is on or off, not 'maybe'");
}

// What QEMU 10.0.2 makes of them, as its device trees show.
TEST(CommandLine, Processors) {
    struct Case {
        const char* text;
        unsigned count, sockets, clusters, cores, threads;
    };
    for (const Case& c : std::initializer_list<Case>{{"1", 1, 1, 1, 1, 1},
                                                     {"cpus=4", 4, 1, 1, 4, 1},
                                                     {"4,sockets=2", 4, 2, 1, 2, 1},
                                                     {"4,threads=2", 4, 1, 1, 2, 2},
                                                     {"4,clusters=2", 4, 1, 2, 2, 1},
                                                     {"4,cores=2", 4, 2, 1, 2, 1},
                                                     {"8,cores=2,threads=2", 8, 2, 1, 2, 2},
                                                     {"cores=4", 4, 1, 1, 4, 1},
                                                     {"2,maxcpus=4", 2, 1, 1, 4, 1},
                                                     {"sockets=2,clusters=2,cores=2,threads=2", 16, 2, 2, 2, 2},
                                                     {"4,dies=1,cores=4", 4, 1, 1, 4, 1}}) {
        const vm::CpuSpec cpu = spec_of({"-M", "virt", "-smp", c.text}).cpu;
        EXPECT_EQ(cpu.count, c.count) << c.text;
        EXPECT_EQ(cpu.topology.sockets, c.sockets) << c.text;
        EXPECT_EQ(cpu.topology.clusters, c.clusters) << c.text;
        EXPECT_EQ(cpu.topology.cores, c.cores) << c.text;
        EXPECT_EQ(cpu.topology.threads, c.threads) << c.text;
    }
}

TEST(CommandLine, OptionsMayHaveTwoDashes) {
    EXPECT_EQ(spec_of({"--machine", "virt", "--kernel", "K"}).boot.kernel, "K");
}

TEST(CommandLine, WhatLibvirtSendsWithoutEffectIsAccepted) {
    const auto spec =
        spec_of({"-name", "guest=arm,debug-threads=on", "-machine",
                 "virt-10.0,usb=off,gic-version=2,dump-guest-core=off", "-accel", "tcg", "-overcommit", "mem-lock=off",
                 "-smp", "1,sockets=1,cores=1,threads=1", "-uuid", "6BA7B810-9dad-11d1-80b4-00c04fd430c8",
                 "-no-user-config", "-nodefaults", "-no-acpi", "-boot", "strict=on", "-no-shutdown", "-S"});
    EXPECT_EQ(spec.name, "arm");
    EXPECT_EQ(spec.uuid, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    EXPECT_MENTIONS(error_of({"-uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430cg"}), "is no UUID");
    EXPECT_TRUE(spec.start_paused);
    EXPECT_TRUE(spec.pause_on_shutdown);
    EXPECT_EQ(spec.serial, "");
    EXPECT_EQ(spec.cpu.count, 1U);
}

TEST(CommandLine, MemorySizes) {
    constexpr u64 kGibi = u64{1} << 30;
    for (const std::string_view text : {"4G", "4gb", "4096", "4GiB", "size=4G", "4096M", "0.004t"}) {
        const u64 size = spec_of({"-m", text}).ram_size;
        if (text == "0.004t") {
            EXPECT_NEAR(static_cast<double>(size), 0.004 * 1024 * static_cast<double>(kGibi), 1);
        } else {
            EXPECT_EQ(size, 4 * kGibi) << text;
        }
    }
    EXPECT_EQ(spec_of({"-m", "1.5G"}).ram_size, 3 * kGibi / 2);
    EXPECT_MENTIONS(error_of({"-m", "lots"}), "'lots' is not a size");
    EXPECT_MENTIONS(error_of({"-m", "4X"}), "'4X' is not a size");
    EXPECT_MENTIONS(error_of({"-m", "-1"}), "not a size");
    EXPECT_MENTIONS(error_of({"-m", "99999999999999999999"}), "64 bits");
    EXPECT_MENTIONS(error_of({"-m", "99999999E"}), "64 bits");
    EXPECT_MENTIONS(error_of({"-m", "0"}), "without memory");
    EXPECT_MENTIONS(error_of({"-m", "512,slots=2,maxmem=1G"}), "cannot be added");
    EXPECT_MENTIONS(error_of({"-m", "sise=1G"}), "did you mean 'size'?");
}

TEST(CommandLine, ConsoleChoices) {
    constexpr const char* kShared = "{backend:stdio,mux:true,signal:false}";
    EXPECT_EQ(serial_of(spec_of({})), kShared);
    EXPECT_EQ(serial_of(spec_of({"-display", "none"})), "");
    EXPECT_EQ(serial_of(spec_of({"-nodefaults"})), "");
    EXPECT_EQ(serial_of(spec_of({"-nographic", "-serial", "null"})), "");
    const auto stdio = spec_of({"-display", "none", "-serial", "stdio"});
    EXPECT_EQ(serial_of(stdio), "{backend:stdio}");
    EXPECT_TRUE(stdio.monitors.empty());
    EXPECT_EQ(spec_of({"-serial", "mon:stdio"}).monitors.size(), 1U);
    EXPECT_EQ(spec_of({"-serial", "mon:stdio", "-monitor", "stdio"}).monitors.size(), 1U);
    EXPECT_EQ(serial_of(spec_of({"-serial", "file:/tmp/out"})), "{backend:file,path:/tmp/out}");
    EXPECT_EQ(serial_of(spec_of({"-serial", "mon:telnet:localhost:7,server=on"})),
              "{backend:socket,host:localhost,mux:true,port:7,server:on,telnet:true}");
    EXPECT_EQ(serial_of(spec_of({"-serial", "udp::7@localhost:8"})),
              "{backend:udp,host:,localaddr:localhost,localport:8,port:7}");
    const auto quiet = spec_of({"-nographic", "-monitor", "none"});
    EXPECT_EQ(serial_of(quiet), kShared);
    EXPECT_TRUE(quiet.monitors.empty());
    const auto apart = spec_of({"-serial", "file:x", "-monitor", "stdio"});
    ASSERT_EQ(apart.monitors.size(), 1U);
    EXPECT_EQ(apart.characters.back().id, apart.monitors[0].character);
    EXPECT_EQ(apart.characters.back().options["backend"], "stdio");
    EXPECT_EQ(serial_of(spec_of({"-qmp", "stdio"})), "") << "the terminal is taken";
    EXPECT_EQ(spec_of({"-monitor", "chardev:c"}).monitors[0].character, "c");
    EXPECT_MENTIONS(error_of({"-serial", "stdio", "-monitor", "stdio"}), "mon:stdio");
    EXPECT_MENTIONS(error_of({"-serial", "vc"}), "cannot be connected to 'vc'");
    EXPECT_MENTIONS(error_of({"-serial", "tcp:localhost"}), "names no port");
    EXPECT_MENTIONS(error_of({"-chardev", "sockett,id=a"}), "did you mean 'socket'?");
    EXPECT_MENTIONS(error_of({"-chardev", "pty"}), "id=NAME");
    EXPECT_MENTIONS(error_of({"-serial", "stdoi"}), "did you mean 'stdio'?");
    EXPECT_MENTIONS(error_of({"-serial", "stdio", "-serial", "file:x"}), "one serial port");
    EXPECT_MENTIONS(error_of({"-monitor", "telnet:x"}), "names no port");
    EXPECT_MENTIONS(error_of({"-monitor", "vc"}), "cannot be connected");
    EXPECT_MENTIONS(error_of({"-display", "gtk"}), "no display");
    EXPECT_MENTIONS(error_of({"-nic", "user,model=virtio-rng-pci"}), "is no network card");
}

TEST(CommandLine, PortsOfAPcAreDevices) {
    const auto spec = spec_of({"-nic", "none", "-parallel", "file:/tmp/p", "-debugcon", "stdio", "-parallel", "null"});
    ASSERT_EQ(spec.devices.size(), 3U);
    EXPECT_EQ(spec.devices[0].driver, "isa-parallel");
    EXPECT_EQ(spec.devices[0].options, (state::Json{{"chardev", "isa-parallel0"}, {"index", 0}}));
    EXPECT_EQ(spec.devices[1].options, (state::Json{{"chardev", "isa-debugcon0"}}));
    EXPECT_EQ(spec.devices[2].options, (state::Json{{"index", 1}}));
    EXPECT_TRUE(spec_of({"-nic", "none", "-parallel", "none"}).devices.empty());
    EXPECT_MENTIONS(error_of({"-debugcon", "stdoi"}), "did you mean 'stdio'?");
}

TEST(CommandLine, CharacterDevices) {
    const auto by_name = spec_of({"-serial", "chardev:a", "-chardev", "socket,id=a,fd=3,server=on,wait=off"});
    EXPECT_EQ(by_name.serial, "a");
    ASSERT_EQ(by_name.characters.size(), 1U);
    EXPECT_EQ(by_name.characters[0].id, "a");
    EXPECT_EQ(by_name.characters[0].options["backend"], "socket");
    const auto tcp = spec_of({"-serial", "tcp:[::1]:4444,server=on,nowait"});
    ASSERT_EQ(tcp.characters.size(), 1U);
    EXPECT_EQ(tcp.serial, tcp.characters[0].id);
    EXPECT_EQ(tcp.characters[0].options["host"], "::1");
    EXPECT_EQ(tcp.characters[0].options["port"], "4444");
    EXPECT_EQ(spec_of({"-serial", "unix:/tmp/a,,b"}).characters[0].options["path"], "/tmp/a,b");
}

TEST(CommandLine, UnknownNamesGetTheNearest) {
    EXPECT_MENTIONS(error_of({"-nographics"}), "did you mean '-nographic'?");
    EXPECT_MENTIONS(error_of({"-nosuch"}), "unknown option");
    EXPECT_MENTIONS(error_of({"-nosuch"}), "-help");
    EXPECT_MENTIONS(error_of({"-M", "vrit"}), "did you mean 'virt'?");
    EXPECT_MENTIONS(error_of({"-M", "q35"}), "-machine help");
    EXPECT_MENTIONS(error_of({"-M", "virt,gic-vresion=3"}), "did you mean 'gic-version'?");
    EXPECT_MENTIONS(error_of({"-M", "virt,gic-version=5"}), "2, 3 or max");
    EXPECT_MENTIONS(error_of({"-M", "virt,secure=on"}), "not supported yet");
    EXPECT_MENTIONS(error_of({"-M", "virt,secure=maybe"}), "on or off");
    EXPECT_MENTIONS(error_of({"-accel", "tgc"}), "did you mean 'tcg'?");
    EXPECT_MENTIONS(error_of({"-accel", "kvm"}), "-accel translator");
    EXPECT_MENTIONS(error_of({"-accel", "tcg,tb-sise=3"}), "did you mean 'tb-size'?");
    EXPECT_MENTIONS(error_of({"-accel", "tcg,disable=dead_cod"}), "did you mean 'dead_code'?");
    EXPECT_MENTIONS(error_of({"-accel", "tcg,bisect=half"}), "not a number of regions");
    EXPECT_MENTIONS(error_of({"-accel", "tcg,check=all"}), "not a number of regions");
    EXPECT_MENTIONS(error_of({"-accel", "tcg,host=v5"}), "v4 (AVX-512)");
    EXPECT_MENTIONS(error_of({"-accel", "tcg,inject=slow-memroy"}), "did you mean 'slow-memory'?");
    EXPECT_MENTIONS(error_of({"-d", "in_ams"}), "did you mean 'in_asm'?");
    EXPECT_MENTIONS(error_of({"-smp", "8,cores=3"}), "are 6 processors, not 8");
    EXPECT_MENTIONS(error_of({"-smp", "4,maxcpus=2"}), "never more than 2");
    EXPECT_MENTIONS(error_of({"-smp", "2,dies=2"}), "not grouped in dies");
    EXPECT_MENTIONS(error_of({"-smp", "0"}), "from 1 to 512");
    EXPECT_MENTIONS(error_of({"-smp", "many"}), "number of processors");
    EXPECT_MENTIONS(error_of({"-smp", "corse=2"}), "did you mean 'cores'?");
    EXPECT_MENTIONS(error_of({"-cpu", "host"}), "KVM");
}

TEST(CommandLine, OptionsOfQemuThatAreMissingSaySo) {
    EXPECT_MENTIONS(error_of({"-fsdev", "x"}), "does not have this option of QEMU yet");
    EXPECT_MENTIONS(error_of({"-loadvm", "x"}), "kelvin-img snapshot");
}

TEST(CommandLine, FlashImages) {
    const vm::MachineSpec spec = spec_of({"-drive", "if=pflash,unit=1,format=raw,file=vars", "-drive",
                                          "if=pflash,file=code,readonly=on", "-L", "/firmware"});
    ASSERT_TRUE(spec.pflash[0] && spec.pflash[1]);
    EXPECT_EQ(spec.pflash[0]->file, "code");
    EXPECT_TRUE(spec.pflash[0]->read_only);
    EXPECT_EQ(spec.pflash[1]->file, "vars");
    EXPECT_FALSE(spec.pflash[1]->read_only);
    EXPECT_TRUE(spec.drives.empty());
    EXPECT_EQ(spec.boot.firmware_folders, std::vector<std::string>{"/firmware"});
    EXPECT_MENTIONS(error_of({"-pflash", "a", "-pflash", "b", "-pflash", "c"}), "both of the machine's flash banks");
    EXPECT_MENTIONS(error_of({"-drive", "if=pflash,unit=2,file=a"}), "no flash bank 2");
    EXPECT_MENTIONS(error_of({"-pflash", "a", "-drive", "if=pflash,unit=0,file=b"}), "has an image already: 'a'");
    EXPECT_MENTIONS(error_of({"-drive", "if=pflash"}), "file=PATH");
}

TEST(CommandLine, StrayAndMissingArguments) {
    EXPECT_MENTIONS(error_of({"disk.qcow2"}), "'disk.qcow2'");
    EXPECT_MENTIONS(error_of({"-append", "a", "b"}), "quote what belongs to -append");
    EXPECT_MENTIONS(error_of({"-kernel"}), "an argument is missing");
    EXPECT_MENTIONS(error_of({""}), "options begin with '-'");
    EXPECT_MENTIONS(error_of({"-"}), "options begin with '-'");
    EXPECT_MENTIONS(error_of({"--"}), "options begin with '-'");
}

TEST(CommandLine, Answers) {
    EXPECT_TRUE(answer_of({"-version"}).starts_with("QEMU emulator version 10.0.2 "));
    EXPECT_TRUE(answer_of({"--version"}).starts_with("QEMU emulator version 10.0.2 "));
    EXPECT_MENTIONS(answer_of({"-help"}), "-kernel FILE");
    EXPECT_MENTIONS(answer_of({"-M", "help"}), "virt ");
    EXPECT_MENTIONS(answer_of({"-cpu", "help"}), "cortex-a57");
    EXPECT_MENTIONS(answer_of({"-cpu", "help"}), "kelvin       the default");
    EXPECT_MENTIONS(answer_of({"-d", "help"}), "in_asm");
    EXPECT_MENTIONS(answer_of({"-accel", "help"}), "tcg");
    EXPECT_MENTIONS(answer_of({"-accel", "tcg,disable=help"}), "dead_code\n");
    EXPECT_MENTIONS(answer_of({"-accel", "translator,inject=help"}), "no-links");
}

TEST(CommandLine, AcceleratorAndLogs) {
    const auto options =
        spec_of(
            {"-accel",
             "translator,tb-size=128,max-instructions=4,disable=dead_code+simplify,disable=all,bisect=12,thread=single",
             "-d", "in_asm,int,nochain", "-D", "log"})
            .translator;
    EXPECT_EQ(options.code_cache_size, u64{128} << 20);
    EXPECT_EQ(options.max_instructions, 4U);
    EXPECT_EQ(options.disabled, (std::vector<std::string>{"dead_code", "simplify", "all"}));
    EXPECT_EQ(options.bisect, 12U);
    EXPECT_TRUE(options.log.guest);
    EXPECT_TRUE(options.log.exceptions);
    EXPECT_FALSE(options.log.host);
    EXPECT_TRUE(options.inject.no_links);
    EXPECT_EQ(options.log.file, "log");
    EXPECT_EQ(spec_of({"-accel", "tcg,one-insn-per-tb=on"}).translator.max_instructions, 1U);
    EXPECT_EQ(spec_of({"-accel", "tcg,check=7"}).translator.check_every, 7U);
    EXPECT_EQ(spec_of({"-accel", "tcg,host=v2"}).translator.host, x64::HostLevel::v2);
    EXPECT_FALSE(spec_of({}).translator.host.has_value());
    EXPECT_TRUE(spec_of({"-accel", "tcg,inject=no-links+small-cache"}).translator.inject.small_cache);
}

TEST(CommandLine, Profiles) {
    EXPECT_FALSE(spec_of({}).translator.perf_map);
    EXPECT_TRUE(spec_of({"-perfmap"}).translator.perf_map);
    EXPECT_TRUE(spec_of({"-accel", "translator,perfmap=on"}).translator.perf_map);
    EXPECT_TRUE(spec_of({"-jitdump"}).translator.jit_dump);
    EXPECT_TRUE(spec_of({"-accel", "translator,jitdump"}).translator.jit_dump);
    EXPECT_FALSE(spec_of({"-jitdump", "-accel", "translator,jitdump=off"}).translator.jit_dump);
    EXPECT_MENTIONS(error_of({"-accel", "translator,perfmap=yeah"}), "on or off");
    EXPECT_TRUE(spec_of({"-accel", "translator,count=on"}).translator.count);
}

TEST(CommandLine, LogFilters) {
    const auto ranges = spec_of({"-dfilter", "0x1000..1fff,8000+100,ffff0000-0x10"}).translator.log.ranges;
    ASSERT_EQ(ranges.size(), 3U);
    EXPECT_EQ(ranges[0].first, 0x1000U);
    EXPECT_EQ(ranges[0].last, 0x1fffU);
    EXPECT_EQ(ranges[1].last, 0x80ffU);
    EXPECT_EQ(ranges[2].first, 0xfffefff1U);
    EXPECT_EQ(ranges[2].last, 0xffff0000U);
    EXPECT_EQ(spec_of({"-dfilter", "0..ffffffffffffffff"}).translator.log.ranges[0].last, ~u64{0});
    for (const std::string_view wrong : {"", "12", "5..4", "x..y", "10+0", "10+", "0x..1", "10-20"}) {
        EXPECT_MENTIONS(error_of({"-dfilter", wrong}), "START..END");
    }
}

TEST(CommandLine, InstructionTime) {
    EXPECT_FALSE(spec_of({"-M", "virt"}).instruction_time);
    const auto time_of = [](std::string_view text) {
        return spec_of({"-icount", text}).instruction_time.value_or(vm::InstructionTime{99, false});
    };
    EXPECT_EQ(time_of("7").shift, 7U);
    EXPECT_TRUE(time_of("7").sleeps);
    EXPECT_EQ(time_of("shift=10,align=off,sleep=on").shift, 10U);
    EXPECT_EQ(time_of("sleep=off,shift=0").shift, 0U);
    EXPECT_FALSE(time_of("0,sleep=off").sleeps);
    EXPECT_MENTIONS(error_of({"-icount", "auto"}), "shift=0");
    EXPECT_MENTIONS(error_of({"-icount", "shift=auto"}), "shift=0");
    EXPECT_MENTIONS(error_of({"-icount", "11"}), "from 0 to 10");
    EXPECT_MENTIONS(error_of({"-icount", "shift=fast"}), "from 0 to 10");
    EXPECT_MENTIONS(error_of({"-icount", "sleep=off"}), "needs a shift");
    EXPECT_MENTIONS(error_of({"-icount", "0,align=on"}), "sleep=on");
    EXPECT_MENTIONS(error_of({"-icount", "0,sleep=maybe"}), "on or off");
    EXPECT_MENTIONS(error_of({"-icount", "0,rr=record,rrfile=x"}), "recorded");
    EXPECT_MENTIONS(error_of({"-icount", "0,slep=off"}), "sleep");
}

TEST(CommandLine, MachineIsVirtAndThatIsSaid) {
    const Arguments none;
    EXPECT_EQ(parse_command_line(none).value().notes.size(), 1U);
    EXPECT_TRUE(parse_command_line(Arguments{"-M", "virt"}).value().notes.empty());
}

TEST(OptionValues, ListsAndProperties) {
    EXPECT_EQ(state::split_list("a,,b,c"), (std::vector<std::string>{"a,b", "c"}));
    EXPECT_EQ(state::split_list(""), (std::vector<std::string>{""}));
    const auto properties = state::parse_properties("virt,x=1=2,y=");
    ASSERT_EQ(properties.size(), 3U);
    EXPECT_FALSE(properties[0].has_value);
    EXPECT_EQ(properties[1].value, "1=2");
    EXPECT_TRUE(properties[2].has_value);
    EXPECT_EQ(state::parse_unsigned("0x10"), 16U);
    EXPECT_FALSE(state::parse_unsigned("12k"));
    EXPECT_FALSE(state::parse_unsigned(""));
}

TEST(CommandLine, Networks) {
    const auto cards = [](const Arguments& arguments) {
        const vm::MachineSpec spec = spec_of(arguments);
        std::string text;
        for (const vm::NetworkSpec& network : spec.networks) {
            text += network.type + ":" + network.id + " ";
        }
        for (const vm::DeviceSpec& device : spec.devices) {
            text += device.driver + state::to_text(device.options) + " ";
        }
        return text;
    };
    EXPECT_EQ(cards({"-nic", "none"}), "");
    EXPECT_EQ(cards({"-nodefaults"}), "");
    EXPECT_EQ(cards({}), "user:__nic0 virtio-net-pci{\"netdev\":\"__nic0\"} ");
    EXPECT_EQ(cards({"-nic", "user,mac=52:54:00:00:00:01,hostfwd=tcp::1-:2"}),
              "user:__nic0 virtio-net-pci{\"mac\":\"52:54:00:00:00:01\",\"netdev\":\"__nic0\"} ");
    EXPECT_EQ(cards({"-net", "nic,model=virtio", "-net", "user"}), cards({}));
    EXPECT_EQ(cards({"-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0"}),
              "user:n0 virtio-net-pci{\"netdev\":\"n0\"} ");
    EXPECT_MENTIONS(error_of({"-net", "nic"}), "both ends");
    EXPECT_EQ(
        spec_of({"-netdev", "user,id=n,hostfwd=tcp::1-:2,hostfwd=udp::3-:4"}).networks[0].options["hostfwd"].size(),
        2U);
}

TEST(CommandLine, Drives) {
    const vm::MachineSpec spec = spec_of({"-drive", "/x,id=d0,if=none,format=raw,readonly=on,cache=none", "-device",
                                          "virtio-blk-pci,drive=d0,id=b", "-hda", "/y"});
    ASSERT_EQ(spec.drives.size(), 2U);
    EXPECT_EQ(spec.drives[0].file, "/x");
    EXPECT_TRUE(spec.drives[0].readonly);
    EXPECT_EQ(spec.drives[0].cache, vm::CacheMode::none);
    ASSERT_EQ(spec.devices.size(), 3U);
    EXPECT_EQ(spec.devices[0].id, "b");
    EXPECT_EQ(spec.devices[1].driver, "virtio-blk-pci");
    EXPECT_EQ(spec.devices[1].options["drive"], "virtio1");
    EXPECT_MENTIONS(error_of({"-drive", "fiel=x"}), "did you mean 'file'?");
    EXPECT_MENTIONS(error_of({"-drive", "file=x,cache=nome"}), "did you mean 'none'?");
    EXPECT_MENTIONS(error_of({"-device", "virtio-blk-pcj,drive=d0"}), "did you mean 'virtio-blk-pci'?");
    EXPECT_MENTIONS(error_of({"-drive", "file=x,werror=sotp"}), "did you mean 'stop'?");
    EXPECT_MENTIONS(error_of({"-drive", "file=x,rerror=enospc"}), "reading takes no room");
    EXPECT_MENTIONS(error_of({"-drive", "if=pflash,file=x,werror=stop"}), "are for disks");
    EXPECT_EQ(spec_of({"-drive", "file=x,werror=stop,rerror=ignore"}).drives[0].on_error.write, vm::OnError::stop);
    EXPECT_MENTIONS(error_of({"-drive", "file=x,bps=100"}), "disks are not throttled");
}

TEST(CommandLine, NodesOfDrives) {
    const vm::MachineSpec spec =
        spec_of({"-drive", "file=/a,,b,file.locking=off,file.aio=threads,werror=report", "-drive",
                 "file=json:{\"driver\":\"qcow2\",,\"file\":{\"driver\":\"file\",,\"filename\":\"/c\"}}", "-blockdev",
                 "raw,node-name=n,file.driver=file,file.filename=/d"});
    ASSERT_EQ(spec.drives.size(), 2U);
    EXPECT_EQ(spec.drives[0].file, "/a,b");
    EXPECT_EQ(spec.drives[0].file_options, (state::Json{{"locking", "off"}, {"aio", "threads"}}));
    EXPECT_TRUE(spec.drives[1].file.empty());
    EXPECT_EQ(spec.drives[1].node["file"]["filename"], "/c");
    ASSERT_EQ(spec.block_nodes.size(), 1U);
    EXPECT_EQ(spec.block_nodes[0]["file"]["filename"], "/d");
    EXPECT_TRUE(spec_of({"-hda", "/x", "-snapshot"}).drives[0].snapshot.value_or(false));
    EXPECT_MENTIONS(error_of({"-snapshot", "-blockdev", "null-co,node-name=n"}), "-snapshot is for drives");
}

TEST(CommandLine, IdeDrives) {
    const auto devices = [](const Arguments& words) {
        std::string text;
        const auto line = parse_command_line(words, vm::Architecture::x86_64);
        EXPECT_TRUE(line) << line.error().message();
        for (const vm::DeviceSpec& device : line->spec.devices) {
            if (!device.options.contains("drive")) {
                continue;
            }
            text += device.driver + " " + device.options["drive"].get<std::string>() + " " + device.bus + " " +
                    device.options.value("unit", state::Json()).dump() + "\n";
        }
        return text;
    };
    EXPECT_EQ(devices({"-M", "pc", "-cdrom", "/c", "-hda", "/a", "-drive", "file=/b,format=raw"}),
              "ide-cd ide1-cd0 ide.1 0\nide-hd ide0-hd0 ide.0 0\nide-hd ide0-hd1 ide.0 1\n");
    EXPECT_EQ(devices({"-M", "q35", "-hdb", "/b", "-cdrom", "/c", "-drive", "file=/x,if=ide,bus=5,id=last"}),
              "ide-hd ide1-hd0 ide.1 0\nide-cd ide2-cd0 ide.2 0\nide-hd last ide.5 0\n");
    EXPECT_EQ(devices({"-M", "q35", "-drive", "if=virtio,file=/v"}), "virtio-blk-pci virtio0  null\n");
    const auto fails = [](const Arguments& words) {
        const auto line = parse_command_line(words, vm::Architecture::x86_64);
        return line ? std::string() : line.error().message();
    };
    EXPECT_MENTIONS(fails({"-M", "pc", "-cdrom", "/c", "-hdc", "/d"}), "'/c' and '/d' are both for place 2");
    EXPECT_MENTIONS(fails({"-M", "q35", "-drive", "if=ide,bus=6,file=/x"}), "6 IDE buses with a drive each");
    EXPECT_MENTIONS(fails({"-M", "microvm", "-drive", "if=ide,file=/x"}), "no IDE buses");
    EXPECT_MENTIONS(error_of({"-drive", "if=ide,file=/x"}), "-device ich9-ahci");
}

TEST(CommandLine, Debugger) {
    using Kind = vm::DebuggerSpec::Kind;
    EXPECT_FALSE(spec_of({}).debugger);
    const auto usual = spec_of({"-s"}).debugger;
    ASSERT_TRUE(usual && usual->kind == Kind::tcp);
    EXPECT_EQ(usual->host + ":" + usual->port, ":1234");
    const auto tcp = spec_of({"-gdb", "tcp:[::1]:99,server=on,wait=off"}).debugger;
    ASSERT_TRUE(tcp);
    EXPECT_EQ(tcp->host + " " + tcp->port, "::1 99");
    const auto socket = spec_of({"-gdb", "unix:/a,server,nowait"}).debugger;
    ASSERT_TRUE(socket && socket->kind == Kind::unix_socket);
    EXPECT_EQ(socket->path, "/a");
    EXPECT_FALSE(spec_of({"-s", "-gdb", "none"}).debugger);
    EXPECT_MENTIONS(error_of({"-gdb", "tcp:"}), "there is no port");
    EXPECT_MENTIONS(error_of({"-gdb", "1234"}), "no place where a debugger can connect");
    EXPECT_MENTIONS(error_of({"-gdb", "tcp::1,wait=of"}), "did you mean 'wait=off'?");
}

}  // namespace
}  // namespace kelvin::control
