// SPDX-License-Identifier: Apache-2.0
#include "vm/drive_spec.h"

#include <array>

namespace kelvin::vm {

using state::EnumName;

namespace {

constexpr auto kInterfaces = std::to_array<EnumName<DriveInterface>>({{"none", DriveInterface::none},
                                                                      {"virtio", DriveInterface::virtio},
                                                                      {"pflash", DriveInterface::pflash},
                                                                      {"ide", DriveInterface::ide}});
constexpr auto kFormats =
    std::to_array<EnumName<ImageFormat>>({{"raw", ImageFormat::raw}, {"qcow2", ImageFormat::qcow2}});
constexpr auto kCacheModes = std::to_array<EnumName<CacheMode>>({{"writeback", CacheMode::writeback},
                                                                 {"none", CacheMode::none},
                                                                 {"writethrough", CacheMode::writethrough},
                                                                 {"directsync", CacheMode::directsync},
                                                                 {"unsafe", CacheMode::unsafe}});
constexpr auto kMedia = std::to_array<EnumName<Media>>({{"disk", Media::disk}, {"cdrom", Media::cdrom}});

}  // namespace

std::span<const EnumName<DriveInterface>> enum_names(DriveInterface) {
    return kInterfaces;
}
std::span<const EnumName<ImageFormat>> enum_names(ImageFormat) {
    return kFormats;
}
std::span<const EnumName<CacheMode>> enum_names(CacheMode) {
    return kCacheModes;
}
std::span<const EnumName<Media>> enum_names(Media) {
    return kMedia;
}

}  // namespace kelvin::vm
