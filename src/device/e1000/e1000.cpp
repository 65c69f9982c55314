// SPDX-License-Identifier: Apache-2.0
#include "device/e1000/e1000.h"

#include "device/intel_ethernet/layouts.h"

namespace kelvin::device {

namespace {

constexpr u16 kDevice = 0x100e;
/// With QEMU's subsystem, by which some drivers know that they are in a virtual machine.
constexpr bus::pci::Identity kIdentity = {.vendor = 0x8086,
                                          .device = kDevice,
                                          .revision = 3,
                                          .class_code = 0x020000,
                                          .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100};
constexpr unsigned kPortsBar = 1;
constexpr u64 kPortsSize = 64;

intel::Model model() {
    return {.layout = intel::layout_of_82540em(), .device = kDevice, .phy = 0x01410c20, .is_extended = false};
}

}  // namespace

Result<std::unique_ptr<E1000>> E1000::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    const network_card::CardEnds ends = KELVIN_TRY(network_card::settle(options, surroundings));
    return std::make_unique<E1000>(options, ends);
}

E1000::E1000(const Options& options, const network_card::CardEnds& ends) : Card(options, kIdentity, model(), ends) {
    add_ports(kPortsBar, kPortsSize);
}

}  // namespace kelvin::device
