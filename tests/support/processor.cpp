// SPDX-License-Identifier: Apache-2.0
#include "support/processor.h"

namespace kelvin::testing {

arm64::Cpu::Ports Processor::ports(NoTimers& timers) {
    arm64::Cpu::Ports result;
    result.clock = &timers;
    result.timers = &timers;
    return result;
}

Processor::Processor(const arm64::Model& model) : model_(model), cpu_(memory_.guest, model, 0, ports(timers_), *this) {
    state().cpu = &cpu_;
    cpu_.reset(0);
}

}  // namespace kelvin::testing
