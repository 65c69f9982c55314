// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "accel/kvm/machine.h"
#include "bus/msi.h"

namespace kelvin::vm {

/// Devices' messages to the local APICs that the kernel has. The machine outlives it.
class KvmMessages final : public bus::MsiController {
  public:
    explicit KvmMessages(kvm::Machine& machine) : machine_(machine) {}
    void deliver(const bus::Msi& message) override { machine_.signal_message(message.address, message.data); }

  private:
    kvm::Machine& machine_;
};

}  // namespace kelvin::vm
