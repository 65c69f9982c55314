// SPDX-License-Identifier: Apache-2.0
// A picture in a file.
#pragma once

#include <string>

#include "backend/display/screen.h"
#include "base/result.h"

namespace kelvin::backend {

enum class PictureFormat : u8 { ppm, png };

/// The file is made, or made anew; one that cannot be completed is removed again.
Result<> write_picture(const Picture& picture, const std::string& path, PictureFormat format);

}  // namespace kelvin::backend
