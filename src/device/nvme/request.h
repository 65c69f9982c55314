// SPDX-License-Identifier: Apache-2.0
// A command on its way through a controller.
#pragma once

#include "device/nvme/controller.h"

namespace kelvin::device::nvme {

/// Everything that a command needs is kept and used again for the next.
struct Controller::Request {
    Controller* controller = nullptr;
    u16 queue = 0;
    Command command;
    Transfer data;
    Namespace* space = nullptr;
    backend::BlockRequest block;
    void (Controller::*then)(Request&) = nullptr;  // what follows when `block` is done
    // Of commands that take several steps:
    std::vector<u8> buffer;
    iovec piece{};
    u64 progress = 0;  // bytes or ranges that are done
    u64 within = 0;    // blocks of the range in work that are done
    u64 total = 0;
};

}  // namespace kelvin::device::nvme
