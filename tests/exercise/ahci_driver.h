// SPDX-License-Identifier: Apache-2.0
// A driver of AHCI controllers that has their ports running and fills slots, whatever it asks for in these.
#pragma once

#include "exercise/ports.h"

namespace kelvin::exercise {

class AhciDriver {
  public:
    AhciDriver(Guest& guest, Port& port) : guest_(guest), port_(port) {}

    /// Starts the ports' lists.
    void start();
    /// Some commands in some slots of a port.
    void offer();

  private:
    void set(unsigned number, u64 offset, u32 value);
    void command(unsigned number, unsigned slot);
    void frame(u64 at, u8 code, unsigned slot);

    Guest& guest_;
    Port& port_;
};

}  // namespace kelvin::exercise
