// SPDX-License-Identifier: Apache-2.0
// <linux/kvm.h>, where in C++ too an array of unknown length takes no room: Linux's headers before 6.7 put an empty
// struct before it, whose size is 0 in C and 1 in C++, which makes wrong sizes and thus wrong numbers of calls.
#pragma once

#include <linux/stddef.h>

#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) TYPE NAME[0]

#include <linux/kvm.h>

static_assert(sizeof(kvm_cpuid2) == 8 && sizeof(kvm_msrs) == 8 && sizeof(kvm_msr_list) == 4);
