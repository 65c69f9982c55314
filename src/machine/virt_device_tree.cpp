// SPDX-License-Identifier: Apache-2.0
#include "machine/virt_device_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "firmware/device_tree.h"
#include "machine/cpu_affinity.h"
#include "machine/virt_arm64_map.h"

namespace kelvin::machine::virt {

namespace {

using firmware::DeviceTree;

// Phandles: any numbers that differ.
constexpr u32 kClock = 0x8000;
constexpr u32 kFirstCpu = 0x8001;
constexpr u32 kGic = 0x8002;
constexpr u32 kMessages = 0x8003;
constexpr u32 kGpioController = 0x8004;
constexpr u32 kFurtherCpus = 0x8010;

// Interrupt specifiers of the GIC: type, number, flags.
constexpr u32 kSpi = 0;
constexpr u32 kPpi = 1;
constexpr u32 kRisingEdge = 1;
constexpr u32 kLevelHigh = 4;

constexpr u32 kKeyPower = 116;  // Linux' KEY_POWER

u32 cpu_phandle(unsigned cpu) {
    return cpu == 0 ? kFirstCpu : kFurtherCpus + cpu;
}

/// GICv2 wants to know the CPUs that a private interrupt belongs to.
u32 ppi_flags(const Description& board) {
    return kLevelHigh | (board.gic_version == 2 ? ((1U << board.cpus) - 1) << 8 : 0);
}

std::string at(const char* name, Gpa address) {
    return fmt::format("{}@{:x}", name, address.value);
}

void reg(DeviceTree& tree, Range range) {
    tree.u64s("reg", {range.base.value, range.size});
}

void psci(DeviceTree& tree) {
    const auto node = tree.node("psci");
    tree.cells("migrate", {0xc4000005});
    tree.cells("cpu_on", {0xc4000003});
    tree.cells("cpu_off", {0x84000002});
    tree.cells("cpu_suspend", {0xc4000001});
    tree.string("method", "hvc");
    tree.strings("compatible", {"arm,psci-1.0", "arm,psci-0.2", "arm,psci"});
}

void memory(DeviceTree& tree, const Description& board) {
    const auto node = tree.node(at("memory", kRamBase));
    reg(tree, {kRamBase, board.ram_size});
    tree.string("device_type", "memory");
}

void fw_cfg(DeviceTree& tree) {
    const auto node = tree.node(at("fw-cfg", kFwCfg.base));
    tree.empty("dma-coherent");
    reg(tree, kFwCfg);
    tree.string("compatible", "qemu,fw-cfg-mmio");
}

void virtio_mmio(DeviceTree& tree) {
    for (unsigned slot = 0; slot < kVirtioMmioSlots; ++slot) {
        const Gpa base = kVirtioMmio.base + slot * kVirtioMmio.size;
        const auto node = tree.node(at("virtio_mmio", base));
        tree.empty("dma-coherent");
        tree.cells("interrupts", {kSpi, kVirtioMmioSpi + slot, kRisingEdge});
        reg(tree, {base, kVirtioMmio.size});
        tree.string("compatible", "virtio,mmio");
    }
}

void gpio(DeviceTree& tree) {
    {
        const auto keys = tree.node("gpio-keys");
        tree.string("compatible", "gpio-keys");
        const auto power = tree.node("poweroff");
        tree.cells("gpios", {kGpioController, kPowerKeyPin, 0});
        tree.cells("linux,code", {kKeyPower});
        tree.string("label", "GPIO Key Poweroff");
    }
    const auto node = tree.node(at("pl061", kGpio.base));
    tree.cells("phandle", {kGpioController});
    tree.string("clock-names", "apb_pclk");
    tree.cells("clocks", {kClock});
    tree.cells("interrupts", {kSpi, kGpioSpi, kLevelHigh});
    tree.empty("gpio-controller");
    tree.cells("#gpio-cells", {2});
    tree.strings("compatible", {"arm,pl061", "arm,primecell"});
    reg(tree, kGpio);
}

void rtc(DeviceTree& tree) {
    const auto node = tree.node(at("pl031", kRtc.base));
    tree.string("clock-names", "apb_pclk");
    tree.cells("clocks", {kClock});
    tree.cells("interrupts", {kSpi, kRtcSpi, kLevelHigh});
    reg(tree, kRtc);
    tree.strings("compatible", {"arm,pl031", "arm,primecell"});
}

void uart(DeviceTree& tree) {
    const auto node = tree.node(at("pl011", kUart.base));
    tree.strings("clock-names", {"uartclk", "apb_pclk"});
    tree.cells("clocks", {kClock, kClock});
    tree.cells("interrupts", {kSpi, kUartSpi, kLevelHigh});
    reg(tree, kUart);
    tree.strings("compatible", {"arm,pl011", "arm,primecell"});
}

void pmu(DeviceTree& tree, const Description& board) {
    const auto node = tree.node("pmu");
    tree.cells("interrupts", {kPpi, kPmuPpi, ppi_flags(board)});
    tree.string("compatible", "arm,armv8-pmuv3");
}

void messages(DeviceTree& tree, MessageController controller) {
    if (controller == MessageController::none) {
        return;
    }
    const bool its = controller == MessageController::its;
    const Range range = its ? kIts : kGicV2m;
    const auto node = tree.node(at(its ? "its" : "v2m", range.base));
    tree.cells("phandle", {kMessages});
    reg(tree, range);
    if (its) {
        tree.cells("#msi-cells", {1});
    }
    tree.empty("msi-controller");
    tree.string("compatible", its ? "arm,gic-v3-its" : "arm,gic-v2m-frame");
}

void gic(DeviceTree& tree, const Description& board) {
    const auto node = tree.node(at("intc", kGicDistributor.base));
    const bool v3 = board.gic_version == 3;
    const Range second = v3 ? kGicV3Redistributors : kGicV2Cpu;
    tree.cells("phandle", {kGic});
    tree.u64s("reg", {kGicDistributor.base.value, kGicDistributor.size, second.base.value, second.size});
    if (v3) {
        tree.cells("#redistributor-regions", {1});
    }
    tree.string("compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
    tree.empty("ranges");
    tree.cells("#size-cells", {2});
    tree.cells("#address-cells", {2});
    tree.empty("interrupt-controller");
    tree.cells("#interrupt-cells", {3});
    messages(tree, message_controller(board.gic_version, board.its));
}

/// INTA to INTD of the root bus's devices, turned by the device's number. An entry: the device, the pin, and the GIC's
/// address and specifier.
std::vector<u32> pcie_interrupt_map() {
    constexpr u32 kPins = 4;
    std::vector<u32> map;
    for (u32 device = 0; device < kPins; ++device) {
        for (u32 pin = 0; pin < kPins; ++pin) {
            const u32 spi = kPcieSpi + (device + pin) % kPins;
            const u32 entry[] = {device << 11, 0, 0, pin + 1, kGic, 0, 0, kSpi, spi, kLevelHigh};
            map.insert(map.end(), std::begin(entry), std::end(entry));
        }
    }
    return map;
}

/// Documentation/devicetree/bindings/pci/host-generic-pci.yaml of Linux.
void pcie(DeviceTree& tree, const Description& board) {
    constexpr u32 kPortSpace = 0x01000000;
    constexpr u32 kMemorySpace = 0x02000000;
    constexpr u32 kWideMemorySpace = 0x03000000;
    const HighRanges high = high_ranges(board.ram_size);
    const auto node = tree.node(at("pcie", kPcieMemory.base));
    tree.cells("interrupt-map-mask", {0x1800, 0, 0, 7});
    tree.cells("interrupt-map", pcie_interrupt_map());
    tree.cells("#interrupt-cells", {1});
    const auto range = [](std::vector<u32>& ranges, u32 space, u64 bus, Range cpu) {
        using firmware::hi;
        using firmware::lo;
        const u32 cells[] = {space,        hi(bus),     lo(bus), hi(cpu.base.value), lo(cpu.base.value),
                             hi(cpu.size), lo(cpu.size)};
        ranges.insert(ranges.end(), std::begin(cells), std::end(cells));
    };
    std::vector<u32> ranges;
    range(ranges, kPortSpace, 0, kPciePorts);
    range(ranges, kMemorySpace, kPcieMemory.base.value, kPcieMemory);
    range(ranges, kWideMemorySpace, high.pcie_memory.base.value, high.pcie_memory);
    tree.cells("ranges", ranges);
    reg(tree, high.pcie_configuration);
    if (message_controller(board.gic_version, board.its) != MessageController::none) {
        tree.cells("msi-map", {0, kMessages, 0, 0x10000});
    }
    tree.empty("dma-coherent");
    tree.cells("bus-range", {0, 0xff});
    tree.cells("linux,pci-domain", {0});
    tree.cells("#size-cells", {2});
    tree.cells("#address-cells", {3});
    tree.string("device_type", "pci");
    tree.string("compatible", "pci-host-ecam-generic");
}

void flash(DeviceTree& tree) {
    const auto node = tree.node("flash@0");
    tree.cells("bank-width", {4});
    tree.u64s("reg", {kFlash0.base.value, kFlash0.size, kFlash1.base.value, kFlash1.size});
    tree.string("compatible", "cfi-flash");
}

/// The nodes of `levels` that CPUs `first` to `end` fill; a level is its nodes' name and how many CPUs are in one.
void cpu_map_level(DeviceTree& tree, std::span<const std::pair<const char*, unsigned>> levels, unsigned first,
                   unsigned end) {
    const auto [name, size] = levels.front();
    for (unsigned cpu = first, number = 0; cpu < end; cpu += size, ++number) {
        const auto node = tree.node(fmt::format("{}{}", name, number));
        if (levels.size() == 1) {
            tree.cells("cpu", {cpu_phandle(cpu)});
        } else {
            cpu_map_level(tree, levels.subspan(1), cpu, std::min(cpu + size, end));
        }
    }
}

/// Documentation/devicetree/bindings/cpu/cpu-topology.txt of Linux.
void cpu_map(DeviceTree& tree, const Description& board) {
    const auto node = tree.node("cpu-map");
    const auto& [clusters, cores, threads] = board.topology;
    const std::array<std::pair<const char*, unsigned>, 4> levels = {
        {{"socket", clusters * cores * threads}, {"cluster", cores * threads}, {"core", threads}, {"thread", 1}}};
    cpu_map_level(tree, std::span(levels).first(threads > 1 ? 4 : 3), 0, board.cpus);
}

void cpus(DeviceTree& tree, const Description& board) {
    const auto node = tree.node("cpus");
    tree.cells("#size-cells", {0});
    tree.cells("#address-cells", {1});
    cpu_map(tree, board);
    for (unsigned cpu = 0; cpu < board.cpus; ++cpu) {
        const auto core = tree.node(fmt::format("cpu@{}", cpu));
        tree.cells("phandle", {cpu_phandle(cpu)});
        tree.cells("reg", {affinity_of(cpu)});
        if (board.cpus > 1) {
            tree.string("enable-method", "psci");
        }
        tree.string("compatible", board.cpu_compatible);
        tree.string("device_type", "cpu");
    }
}

void timer(DeviceTree& tree, const Description& board) {
    const auto node = tree.node("timer");
    const u32 flags = ppi_flags(board);
    tree.cells("interrupts", {kPpi, kSecureTimerPpi, flags, kPpi, kPhysicalTimerPpi, flags, kPpi, kVirtualTimerPpi,
                              flags, kPpi, kHypervisorTimerPpi, flags});
    tree.empty("always-on");
    tree.strings("compatible", {"arm,armv8-timer", "arm,armv7-timer"});
}

void clock(DeviceTree& tree) {
    const auto node = tree.node("apb-pclk");
    tree.cells("phandle", {kClock});
    tree.string("clock-output-names", "clk24mhz");
    tree.cells("clock-frequency", {24'000'000});
    tree.cells("#clock-cells", {0});
    tree.string("compatible", "fixed-clock");
}

void chosen(DeviceTree& tree, const Description& board) {
    const auto node = tree.node("chosen");
    if (board.initrd_end != 0) {
        tree.u64s("linux,initrd-end", {board.initrd_end});
        tree.u64s("linux,initrd-start", {board.initrd_start});
    }
    if (board.bootargs) {
        tree.string("bootargs", *board.bootargs);
    }
    tree.string("stdout-path", "/" + at("pl011", kUart.base));
    tree.bytes("rng-seed", board.rng_seed);
    tree.bytes("kaslr-seed", board.kaslr_seed);
}

}  // namespace

Result<std::vector<u8>> build_device_tree(const Description& board) {
    DeviceTree tree;
    tree.cells("interrupt-parent", {kGic});
    tree.empty("dma-coherent");
    tree.string("model", "linux,dummy-virt");
    tree.cells("#size-cells", {2});
    tree.cells("#address-cells", {2});
    tree.string("compatible", "linux,dummy-virt");
    // Guests number devices of a kind in the order in which they find them here.
    psci(tree);
    memory(tree, board);
    fw_cfg(tree);
    virtio_mmio(tree);
    gpio(tree);
    pcie(tree, board);
    rtc(tree);
    uart(tree);
    if (board.pmu) {
        pmu(tree, board);
    }
    gic(tree, board);
    flash(tree);
    cpus(tree, board);
    timer(tree, board);
    clock(tree);
    {
        const auto node = tree.node("aliases");
        tree.string("serial0", "/" + at("pl011", kUart.base));
    }
    chosen(tree, board);
    return tree.finish();
}

}  // namespace kelvin::machine::virt
