// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/runtime/families.hpp"

template class lamina::FamilyTable<lamina::arch::All>;
