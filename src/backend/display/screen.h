// SPDX-License-Identifier: Apache-2.0
// What a video card shows, for whoever displays it.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"

namespace kelvin::backend {

/// Rows of pixels from the top, each 0x00RRGGBB.
struct Picture {
    /// Of the largest that a guest can ask for, so that it takes 64 MiB at most.
    static constexpr u32 kMostPixels = 16U << 20;

    u32 width = 0;
    u32 height = 0;
    std::vector<u32> pixels;  ///< width * height

    void resize(u32 new_width, u32 new_height) {
        width = new_width;
        height = new_height;
        pixels.resize(std::size_t{width} * height);
    }
    bool operator==(const Picture&) const = default;
};

/// A card's output. Called on the I/O loop's thread.
class Screen {
  public:
    virtual ~Screen() = default;

    /// Draws what is shown now; `picture` gets the size that the guest has set, and is never empty. A card that shows
    /// nothing yet draws 640 by 480 black pixels.
    virtual void draw(Picture& picture) = 0;
    /// Its lines while it is in a text mode, in UTF-8 and without spaces at their ends.
    virtual std::optional<std::vector<std::string>> text() { return {}; }
    /// The window in which it is seen has this size now: the guest may follow, where the card can tell it.
    virtual void suggest_size(u32 /*width*/, u32 /*height*/) {}
};

/// All screens of a machine, the first of which is shown where one has to be chosen. I/O loop's thread, or while no
/// loop runs.
class Screens {
  public:
    /// `screen` stays until it is removed. `device`: the id of its card, for users who choose; may be empty.
    void add(Screen& screen, std::string device) { entries_.push_back({&screen, std::move(device)}); }
    void remove(Screen& screen) {
        std::erase_if(entries_, [&](const Entry& entry) { return entry.screen == &screen; });
    }
    /// Null: there is none.
    Screen* first() const { return entries_.empty() ? nullptr : entries_.front().screen; }
    Screen* find(const std::string& device) const {
        const auto found = std::ranges::find(entries_, device, &Entry::device);
        return found != entries_.end() ? found->screen : nullptr;
    }

  private:
    struct Entry {
        Screen* screen;
        std::string device;
    };
    std::vector<Entry> entries_;
};

}  // namespace kelvin::backend
