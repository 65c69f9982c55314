// SPDX-License-Identifier: Apache-2.0
// The ways in which an IoContext may be made; io_context.h chooses.
#pragma once

#include <memory>

#include "backend/block/io_context.h"

namespace kelvin::block {

Result<std::unique_ptr<IoContext>> make_io_uring();
Result<std::unique_ptr<IoContext>> make_thread_pool();

}  // namespace kelvin::block
