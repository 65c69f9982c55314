// SPDX-License-Identifier: Apache-2.0
// What is saved of a PCI function: the bits of configuration space that can be written, the interrupt line, MSI-X.
#include <fmt/format.h>

#include "bus/pci/config_registers.h"
#include "bus/pci/function.h"
#include "state/saved_state.h"

namespace kelvin::bus::pci {

namespace {

struct FunctionState {
    u32 identity = 0;                            ///< device and vendor number
    std::vector<ConfigSpace::SavedWord> config;  ///< the words that have such bits, ascending
    bool intx = false;
    std::vector<Msix::SavedEntry> msix;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("identity", identity);
        visit("config", config);
        visit("intx", intx);
        visit("msix", msix);
    }
};

}  // namespace

state::Json Function::save_function() {
    FunctionState saved;
    saved.identity = config_.get<u32>(reg::kVendorId);
    saved.config = config_.save();
    if (msix_ != nullptr) {
        saved.msix = msix_->save();
    }
    const std::lock_guard lock(intx_lock_);
    saved.intx = intx_;
    return state::save_state(saved);
}

Result<> Function::load_function(const state::Json& json) {
    FunctionState saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (saved.identity != config_.get<u32>(reg::kVendorId)) {
        return user_error(fmt::format(".identity: device {:#010x} was saved, this is {:#010x}", saved.identity,
                                      config_.get<u32>(reg::kVendorId)));
    }
    if (msix_ == nullptr && !saved.msix.empty()) {
        return user_error(".msix: the function has no MSI-X");
    }
    if (const auto words = config_.load(saved.config); !words) {
        return state::in_front(".config", words.error());
    }
    if (msix_ != nullptr) {
        if (const auto entries = msix_->load(saved.msix); !entries) {
            return state::in_front(".msix", entries.error());
        }
    }
    config_loaded();
    command_written();
    {
        const std::lock_guard lock(intx_lock_);
        intx_ = saved.intx;
        drive_intx();
    }
    if (msix_ != nullptr) {
        update_msix();
    }
    return ok();
}

}  // namespace kelvin::bus::pci
