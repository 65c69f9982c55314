// SPDX-License-Identifier: Apache-2.0
#include "machine/virt_device_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <libfdt.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin::machine::virt {
namespace {

using Lines = std::vector<std::string>;

/// The lines that tests/compat/boards/dump.py prints.
Lines dump(const std::vector<u8>& blob) {
    Lines lines;
    const void* const fdt = blob.data();
    for (int node = 0, depth = 0; node >= 0 && depth >= 0; node = fdt_next_node(fdt, node, &depth)) {
        char path[256] = {};
        EXPECT_EQ(fdt_get_path(fdt, node, path, sizeof path), 0);
        lines.push_back(fmt::format("node {}", path));
        int property = 0;
        fdt_for_each_property_offset(property, fdt, node) {
            const char* name = nullptr;
            int size = 0;
            const auto* const value = static_cast<const u8*>(fdt_getprop_by_offset(fdt, property, &name, &size));
            std::string shown;
            for (int i = 0; i < size; ++i) {
                shown += fmt::format("{:02x}", value[i]);
            }
            const bool random = std::string_view(name).ends_with("-seed");
            lines.push_back(fmt::format("{} {} = {}", path, name, random ? "(random)" : shown));
        }
    }
    return lines;
}

Lines golden(const std::string& name) {
    std::ifstream file(KELVIN_SOURCE_DIR "/tests/compat/boards/" + name);
    Lines lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

Lines nodes_of(const Lines& lines) {
    Lines nodes;
    std::ranges::copy_if(lines, std::back_inserter(nodes), [](const std::string& l) { return l.starts_with("node "); });
    return nodes;
}

Lines sorted(Lines lines) {
    std::ranges::sort(lines);
    return lines;
}

Description description(unsigned gic_version) {
    Description board;
    board.cpu_compatible = "arm,cortex-a57";
    board.gic_version = gic_version;
    board.ram_size = 512 << 20;
    board.bootargs = "console=ttyAMA0";
    board.initrd_start = 0x48000000;
    board.initrd_end = 0x480004c5;
    return board;
}

// The golden files are QEMU 10.0.2's trees without the devices that this board does not have.
TEST(VirtDeviceTree, IsWhatQemuTellsTheGuest) {
    for (const unsigned version : {2U, 3U}) {
        const Lines ours = dump(build_device_tree(description(version)).value());
        const Lines theirs = golden(fmt::format("virt-10.0-gicv{}.txt", version));
        ASSERT_FALSE(theirs.empty());
        EXPECT_EQ(nodes_of(ours), nodes_of(theirs));
        EXPECT_EQ(sorted(ours), sorted(theirs));
    }
}

// Measured on QEMU 10.0.2 with -smp 2: both CPUs are in the mask of private interrupts, and are started by PSCI.
TEST(VirtDeviceTree, SeveralProcessors) {
    Description board = description(2);
    board.cpus = 2;
    board.topology.cores = 2;
    const Lines lines = dump(build_device_tree(board).value());
    const auto has = [&](const std::string& line) { return std::ranges::find(lines, line) != lines.end(); };
    EXPECT_TRUE(has("/cpus/cpu@1 enable-method = 7073636900"));
    EXPECT_TRUE(has("/pmu interrupts = 000000010000000700000304"));
}

// As QEMU 10.0.2 has it with -smp 4,sockets=1,clusters=2,cores=1,threads=2, and with -smp 20.
TEST(VirtDeviceTree, Topology) {
    Description board = description(3);
    board.cpus = 4;
    board.topology = {2, 1, 2};
    Lines nodes = nodes_of(dump(build_device_tree(board).value()));
    std::erase_if(nodes, [](const std::string& line) { return line.find("cpu-map/") == std::string::npos; });
    const std::string socket = "node /cpus/cpu-map/socket0";
    EXPECT_EQ(nodes,
              (Lines{socket, socket + "/cluster0", socket + "/cluster0/core0", socket + "/cluster0/core0/thread0",
                     socket + "/cluster0/core0/thread1", socket + "/cluster1", socket + "/cluster1/core0",
                     socket + "/cluster1/core0/thread0", socket + "/cluster1/core0/thread1"}));
    board.cpus = 20;
    board.topology = {1, 20, 1};
    const Lines lines = dump(build_device_tree(board).value());
    EXPECT_NE(std::ranges::find(lines, "/cpus/cpu@19 reg = 00000103"), lines.end());
}

// As QEMU 10.0.2 has it with gic-version=3,its=off: nobody takes messages.
TEST(VirtDeviceTree, WithoutAnItsThereAreNoMessages) {
    Description board = description(3);
    board.its = false;
    for (const std::string& line : dump(build_device_tree(board).value())) {
        EXPECT_EQ(line.find("its@"), std::string::npos);
        EXPECT_EQ(line.find("msi-"), std::string::npos);
    }
}

TEST(VirtDeviceTree, WhatIsNotThereIsNotMentioned) {
    Description board = description(2);
    board.pmu = false;
    board.bootargs.reset();
    board.initrd_end = 0;
    for (const std::string& line : dump(build_device_tree(board).value())) {
        EXPECT_EQ(line.find("pmu"), std::string::npos);
        EXPECT_EQ(line.find("bootargs"), std::string::npos);
        EXPECT_EQ(line.find("initrd"), std::string::npos);
    }
}

}  // namespace
}  // namespace kelvin::machine::virt
