"""Image files, read for certain or not at all.

ITK forgives what must not pass silently: a compressed payload whose checksum is wrong is handed on half decoded, a
missing part is filled with zeros, NaN becomes 0, a type that contradicts its bits is guessed, and some headers crash
it. So NIfTI, NRRD and MetaImage are read here: one module a format says what its header means and refuses what it does
not know (`header.Header`); `payload` decodes the voxels and checks length and checksum; nothing is decoded before the
header has been checked against the file, the stated limits and this computer's memory. DICOM, whose decoders are
native code, is read in a process of its own (`dicom`).
"""
