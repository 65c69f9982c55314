// SPDX-License-Identifier: Apache-2.0
// Parts of a machine whose state can be saved, and put into another machine that is made alike.
//
// All of it while no vCPU runs, and on the I/O loop's thread in one go, so that nothing of a device runs between the
// first part's quiesce() and the last part's save(), or during the loads: the state of all parts and of RAM is of one
// moment.
//
//  1. quiesce(), every part. No request is under way afterwards: what the host works on is waited for and given back to
//     the guest; what waits for the world (random bytes, a frame's room) is put back into its ring as if it had not
//     been looked at. A machine that then goes on takes it up again by itself.
//  2. save(), every part. Interrupt controllers last: steps 1 and 2 may raise interrupts.
//  3. load(), in the order of save(), into a machine with the same parts and after its RAM. Each part checks what it
//     reads as it checks the guest's writes. After an error the machine is good for nothing but a reset.
#pragma once

#include "base/result.h"
#include "state/json.h"

namespace kelvin::bus {

class Savable {
  public:
    virtual ~Savable() = default;
    virtual void quiesce() {}
    /// An error if it is at something that cannot be saved now.
    virtual Result<state::Json> save() = 0;
    virtual Result<> load(const state::Json& saved) = 0;
};

}  // namespace kelvin::bus
