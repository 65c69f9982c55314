// SPDX-License-Identifier: Apache-2.0
// The input lines of an interrupt controller: a wire knows one context only, so each line has a small record.
#pragma once

#include <vector>

#include "base/wire.h"

namespace kelvin::device {

/// Controller has `void drive(unsigned cpu, unsigned intid, bool level)`; `cpu` is 0 for shared interrupts.
template <class Controller>
class InterruptInputs {
  public:
    InterruptInputs(Controller& controller, unsigned cpus, unsigned interrupts) : cpus_(cpus), interrupts_(interrupts) {
        lines_.reserve(interrupts - 32 + cpus * 16);
        for (unsigned intid = 32; intid < interrupts; ++intid) {
            lines_.push_back({&controller, 0, intid});
        }
        for (unsigned cpu = 0; cpu < cpus; ++cpu) {
            for (unsigned intid = 16; intid < 32; ++intid) {
                lines_.push_back({&controller, cpu, intid});
            }
        }
    }

    Wire shared(unsigned intid) {
        return intid >= 32 && intid < interrupts_ ? wire_to<&Line::set>(lines_[intid - 32]) : Wire();
    }
    Wire local(unsigned cpu, unsigned intid) {
        const bool exists = cpu < cpus_ && intid >= 16 && intid < 32;
        return exists ? wire_to<&Line::set>(lines_[interrupts_ - 32 + cpu * 16 + (intid - 16)]) : Wire();
    }

  private:
    struct Line {
        Controller* controller;
        unsigned cpu;
        unsigned intid;
        void set(bool level) { controller->drive(cpu, intid, level); }
    };

    unsigned cpus_;
    unsigned interrupts_;
    std::vector<Line> lines_;  // never resized: wires point into it
};

}  // namespace kelvin::device
