// SPDX-License-Identifier: Apache-2.0
// A USB device as its host controller sees it (USB 2.0, chapter 9), and the port that it is plugged into.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "bus/device.h"
#include "state/options.h"

namespace kelvin::bus::usb {

enum class Speed : u8 { full = 1, low = 2, high = 3, super = 4 };  ///< xHCI 1.2, 7.2.2.1.1

/// 9.3.
struct Setup {
    u8 type = 0;
    u8 request = 0;
    u16 value = 0;
    u16 index = 0;
    u16 length = 0;

    bool is_in() const { return (type & 0x80) != 0; }
    u16 key() const { return static_cast<u16>(type << 8 | request); }
};

enum class Answer : u8 {
    done,
    not_yet,  ///< NAK: Host::ready() tells when to ask again
    stall,
};

struct Outcome {
    Answer answer = Answer::stall;
    std::size_t moved = 0;
};

/// Who asks a device. I/O loop's thread.
class Host {
  public:
    virtual ~Host() = default;
    /// Endpoint `number`, that sends, has something.
    virtual void ready(unsigned number) = 0;
};

/// What -device may say about any USB device.
struct PlaceOptions {
    std::optional<u32> port;
    std::string serial;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("port", port, "the number of the port on its bus, counted from 1");
        visit("serial", serial, "its serial number, for the guest to see");
    }
};

/// Descriptors as data (9.6).
struct Description {
    std::vector<u8> device;            ///< 18 bytes
    std::vector<u8> configuration;     ///< with its interfaces and endpoints; bConfigurationValue is 1
    std::vector<std::string> strings;  ///< the first has index 1
};

/// All of it, but for the constructor's options, on the I/O loop's thread.
class Function : public Device {
  public:
    Function(const PlaceOptions& options, Description description);

    std::optional<u32> wanted_port() const { return wanted_port_; }
    Speed speed() const { return Speed::high; }
    void set_host(Host* host) { host_ = host; }

    /// `data` is what goes to the device, or room for what comes from it; of `setup.length` bytes.
    Outcome control(const Setup& setup, std::span<u8> data);
    /// From endpoint `number`.
    virtual Outcome read(unsigned /*number*/, std::span<u8> /*room*/) { return {}; }
    /// To endpoint `number`.
    virtual Outcome write(unsigned /*number*/, std::span<const u8> /*data*/) { return {}; }
    /// The port's reset (7.1.7.5), and the machine's.
    void reset() override;

  protected:
    /// What chapter 9 does not say.
    virtual Outcome request(const Setup& /*setup*/, std::span<u8> /*data*/) { return {}; }
    virtual void was_reset() {}
    void tell_ready(unsigned number) {
        if (host_ != nullptr) {
            host_->ready(number);
        }
    }
    static Outcome send(std::span<const u8> what, std::span<u8> room);

    /// Of every device: its saved state's part.
    struct Standard {
        u8 configuration = 0;
        u16 halted = 0;  ///< endpoints that send, by number

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("configuration", configuration);
            visit("halted", halted);
        }
        Result<> check() const;
    };
    Standard standard_;

  private:
    Outcome descriptor(const Setup& setup, std::span<u8> room) const;

    const std::optional<u32> wanted_port_;
    const Description description_;
    Host* host_ = nullptr;
};

}  // namespace kelvin::bus::usb
