// SPDX-License-Identifier: Apache-2.0
// A PC's host bridge as a PCI function: which of the memory below 1 MiB is RAM, and with PCI Express where
// configuration space is. Q35's MCH has the registers of the 82G33 GMCH (document 316966, 5.1), the older one is
// Intel's 82441FX (document 290549, 3.2).
#pragma once

#include "bus/pci/host_bridge.h"
#include "device/chipset/shadow_ram.h"

namespace kelvin::device {

class NorthBridge final : public bus::pci::HostFunction {
  public:
    enum class Model : u8 { q35, i440fx };

    NorthBridge(Model model, std::unique_ptr<ShadowRam> shadow);

    void reset() override;
    std::optional<Gpa> ecam_base() const override;
    /// What firmware sets, for a machine that starts without: RAM everywhere below 1 MiB but in the video window, and
    /// with PCI Express configuration space at `base`, a multiple of 256 MiB.
    void set_up(Gpa base);

  private:
    struct Layout {
        bus::pci::Identity identity;
        u32 attributes;      ///< where the attribute map begins
        u32 management_ram;  ///< where SMRAM control is
        bool is_express;
    };
    static const Layout& layout_of(Model model);

    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override { apply(); }
    void apply();

    const Layout& layout_;
    const std::unique_ptr<ShadowRam> shadow_;
    u8 management_ram_ = 0;  // its register as it holds
};

}  // namespace kelvin::device
