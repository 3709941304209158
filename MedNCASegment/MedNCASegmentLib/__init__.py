"""What the module MedNCASegment needs beside its own file: everything here may touch MRML, nothing here Qt."""
