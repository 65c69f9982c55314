// SPDX-License-Identifier: Apache-2.0
// A driver of NVMe controllers that has them ready and makes queues, whatever it asks for in these.
#pragma once

#include <array>

#include "exercise/ports.h"

namespace kelvin::exercise {

class NvmeDriver {
  public:
    NvmeDriver(Guest& guest, Port& port) : guest_(guest), port_(port) {}

    /// Enables the controller, and makes pairs of queues.
    void start();
    /// Some commands in some queue, and room for some completions.
    void offer();

  private:
    static constexpr u32 kEntries = 16;
    static constexpr u16 kQueues = 4;

    u64 place(u16 queue) const;
    void command(u16 queue, u8 opcode, u32 word10, u32 word11, u64 data);
    void any_command(u16 queue);
    void ring(u16 queue);

    Guest& guest_;
    Port& port_;
    std::array<u32, kQueues> tails_{};
};

}  // namespace kelvin::exercise
