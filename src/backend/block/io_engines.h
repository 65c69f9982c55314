// SPDX-License-Identifier: Apache-2.0
// The ways in which an IoContext may have its operations done; io_context.h chooses.
#pragma once

#include <memory>

#include "backend/block/io_context.h"

namespace kelvin::block {

/// All of it on the context's thread.
class Engine {
  public:
    virtual ~Engine() = default;

    virtual void start(IoOperation& operation) = 0;
    /// Hands over what was started.
    virtual void submit() = 0;
    /// Calls `done` of what is done; waits for something first if `wait` and anything is under way.
    virtual void collect(bool wait) = 0;
    virtual u64 under_way() const = 0;
    /// Readable when there is something to collect.
    virtual int ready_fd() const = 0;
};

Result<std::unique_ptr<Engine>> make_io_uring();
Result<std::unique_ptr<Engine>> make_thread_pool();

}  // namespace kelvin::block
